/** Every journal engine, one line each, loaded when it is chosen. A new one is a file beside this and a line here. */
import type { OpenJournal } from './journal.ts';

interface Engine {
  load(): Promise<{ openJournal: OpenJournal }>;
  /** Whether it needs a data directory. */
  keepsFiles: boolean;
}

export const ENGINES: { readonly [name: string]: Engine } = {
  sqlite: { load: () => import('./sqlite.ts'), keepsFiles: true },
  nats: { load: () => import('./nats.ts'), keepsFiles: true },
  memory: { load: () => import('./memory.ts'), keepsFiles: false },
};
