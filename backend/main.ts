/** Read settings, start, stop cleanly. */
import './node-version.ts';
import { StartError } from './errors.ts';
import { createLog } from './log.ts';
import { startServer } from './server.ts';
import { readSettings } from './settings.ts';

try {
  const settings = readSettings(process.env);
  const log = createLog(settings.logLevel);
  const onFatal = (why: string) => {
    process.stderr.write(`${why}\n`);
    process.exit(1); // at once: nobody knows which answers would be true, so whoever waits gets none
  };
  const server = await startServer({ settings, log, onFatal });

  let isStopping = false;
  const stop = (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    server.stop().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.fatal({ err: error }, 'main: stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'main: unhandled rejection'));
  process.on('uncaughtException', (error) => {
    // Errors of requests do not come this far. Nobody knows what state is left, but all that was accepted is kept.
    log.fatal({ err: error }, 'main: uncaught exception');
    stop(1);
  });

  const base = `http://localhost:${server.port}`;
  process.stdout.write(`Since is running. Open both, and chat between them:\n\n`);
  process.stdout.write(`  Polling page    ${base}/polling/\n  WebSocket page  ${base}/websocket/\n\n`);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
