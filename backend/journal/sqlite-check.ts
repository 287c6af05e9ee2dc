/** The thread that looks through a large journal for damage, while the server is at work already. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { findDamage, isDamage } from '../database.ts';
import { messageOf } from '../errors.ts';

try {
  const db = new Database(String(workerData), { readonly: true });
  const damage = findDamage(db);
  db.close();
  if (damage !== undefined) parentPort?.postMessage(damage);
} catch (error) {
  // One who is in the way is no damage; what is damaged so that it cannot be looked through is.
  if (isDamage(error)) parentPort?.postMessage(messageOf(error));
}
