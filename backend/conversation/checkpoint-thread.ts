/** The thread that brings the store's log into its file: waiting for the disk here holds up no one. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const port = parentPort;
if (port === null) throw new Error('this file is the main file of a worker thread');

const db = new Database(String(workerData));
port.on('message', () => {
  try {
    db.pragma('wal_checkpoint(PASSIVE)'); // as far as it goes without waiting for those who read and write
  } catch {
    // The disk is full, say: whoever writes there finds out, and there is a next time.
  }
  port.postMessage('done');
});
