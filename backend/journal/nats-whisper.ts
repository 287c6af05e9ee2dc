/** What servers tell each other beside the journal: over NATS itself, which keeps nothing. */
import { randomBytes } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { Json, Whisper } from './journal.ts';
import type { NatsStream } from './nats-stream.ts';

export function createWhisper({ connection, name }: NatsStream, log: Logger): Whisper & { stop(): void } {
  const self = randomBytes(6).toString('hex');
  // Beside the subjects of the stream, which would keep it.
  const subjectOf = (topic: string, from: string) => `${name}-whisper.${topic}.${from}`;
  const endings: (() => void)[] = [];
  return {
    say(topic, words) {
      if (!connection.isClosed()) connection.publish(subjectOf(topic, self), JSON.stringify(words));
    },
    listen(topic, hear) {
      const subscription = connection.subscribe(subjectOf(topic, '*'), {
        callback(error, message) {
          const from = message.subject.split('.').at(-1) ?? '';
          if (error !== null || from === self) return;
          try {
            hear(JSON.parse(message.string()) as Json, from);
          } catch (cause) {
            log.warn({ err: cause, topic }, 'nats: what another server says is not understood');
          }
        },
      });
      endings.push(() => subscription.unsubscribe());
    },
    stop() {
      for (const end of endings) end();
    },
  };
}
