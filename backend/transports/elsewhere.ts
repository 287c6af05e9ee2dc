/**
 * How many are in each room on other servers. Each says what changes, and all it has now and then: what is lost is said
 * again, and of a server that is gone nothing is counted after a while.
 */
import { z } from 'zod';
import { room as roomName } from '../commands/fields.ts';
import { ELSEWHERE_LASTS_MS, ELSEWHERE_SAID_EVERY_MS, ELSEWHERE_SLICE } from '../limits.ts';
import type { Clock } from '../clock.ts';
import type { Whisper } from '../conversation/conversation.ts';

type Count = readonly [room: string, online: number];

export interface Elsewhere {
  online(room: string): number;
  /** Tell the others how many are here. */
  say(counts: readonly Count[]): void;
  stop(): void;
}

const TOPIC = 'presence';
/** Of one that has just started, and knows nothing yet. */
const ASKING = 'presence-asked';
const counts = z.array(z.tuple([roomName, z.int().min(0)]));

/**
 * @param here all that this server has
 * @param onChanged told of a room whose number elsewhere is another one now
 */
export function createElsewhere(
  clock: Clock,
  whisper: Whisper | undefined,
  here: () => readonly Count[],
  onChanged: (room: string) => void,
): Elsewhere {
  if (whisper === undefined) return { online: () => 0, say() {}, stop() {} };
  const rooms = new Map<string, Map<string, { online: number; heardAt: number }>>();

  const hear = (name: string, from: string, online: number) => {
    const servers = rooms.get(name) ?? new Map<string, { online: number; heardAt: number }>();
    const before = servers.get(from)?.online ?? 0;
    if (online > 0) rooms.set(name, servers.set(from, { online, heardAt: clock.elapsed() }));
    else servers.delete(from);
    if (servers.size === 0) rooms.delete(name);
    if (online !== before) onChanged(name);
  };

  const forgetSilent = () => {
    const latest = clock.elapsed() - ELSEWHERE_LASTS_MS;
    for (const [name, servers] of rooms) {
      for (const [from, { heardAt }] of servers) if (heardAt <= latest) hear(name, from, 0);
    }
  };

  const say = (told: readonly Count[]) => {
    for (let next = 0; next < told.length; next += ELSEWHERE_SLICE) {
      whisper.say(
        TOPIC,
        told.slice(next, next + ELSEWHERE_SLICE).map(([name, online]) => [name, online]),
      );
    }
  };
  const sayAll = () => say(here());
  const sayAgain = () => {
    forgetSilent();
    sayAll();
    cancel = clock.after(ELSEWHERE_SAID_EVERY_MS, sayAgain);
  };

  whisper.listen(TOPIC, (words, from) => {
    for (const [name, online] of counts.parse(words)) hear(name, from, online);
  });
  whisper.listen(ASKING, sayAll);
  whisper.say(ASKING, true);
  let cancel = clock.after(ELSEWHERE_SAID_EVERY_MS, sayAgain);

  return {
    online: (name) => [...(rooms.get(name)?.values() ?? [])].reduce((sum, { online }) => sum + online, 0),
    say,
    stop() {
      cancel();
      say(here().map(([name]) => [name, 0]));
    },
  };
}
