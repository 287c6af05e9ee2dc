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
  // A busy file is no damage; one too damaged to be looked through is.
  if (isDamage(error)) parentPort?.postMessage(messageOf(error));
}
