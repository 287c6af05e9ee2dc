/** The logs beside the journal and the store, which grow by what is written until they are brought into the main files. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';

/** A second after the start both logs are emptied; from then on they grow by what is written, up to some thousand pages. */
export async function untilLogsGrow(dataDir: string): Promise<void> {
  const sizes = () => ['journal.db-wal', 'store.db-wal'].map((name) => statSync(join(dataDir, name)).size);
  await vi.waitFor(() => expect(sizes()).toEqual([0, 0]), { timeout: 30_000, interval: 50 });
}
