/** Who is there and who is writing, over all servers. */
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, identify, post, write } from '../harness/api.ts';
import { createClock } from '../harness/clock.ts';
import { shareNats } from '../harness/nats.ts';
import { canRun } from '../harness/programs.ts';
import { connectWs } from '../harness/ws-client.ts';
import { startSharing } from './servers.ts';
import type { RoomSummary } from '../../backend/conversation/store-tables.ts';
import type { ManualClock } from '../harness/clock.ts';

describe.runIf(canRun('nats-server', 'presence over servers'))('who is there', () => {
  const nats = shareNats();
  let streams = 0;

  const startTwo = async () => {
    const natsStream = `presence-${++streams}`;
    const clock = createClock();
    const start = () => startSharing([nats()], { natsStream, clock });
    return { clock, natsStream, one: await start(), other: await start() };
  };

  /** Let time pass until so many are told to be in the room. */
  const untilOnline = async (url: string, online: number, pass: () => void) => {
    await expect
      .poll(async () => {
        pass();
        const rooms = (await call(url, '/rooms')).json as RoomSummary[] & { online: number }[];
        return rooms[0]?.online;
      })
      .toBe(online);
  };

  it('is counted over all servers, and told on each', async () => {
    const { clock, one, other } = await startTwo();
    const azin = await connectWs(one.url);
    await azin.ask('send-message', { user: 'Azin', message: 'so that there is a room' });
    await connectWs(other.url);
    await connectWs(other.url);
    await untilOnline(one.url, 3, () => clock.advance(100));
    await untilOnline(other.url, 3, () => clock.advance(100));
    clock.advance(2_000);
    for (;;) {
      const { online } = await azin.nextOf('presence');
      if (online === 3) break;
    }
  });

  it('is known to a server that has just started', async () => {
    const { clock, natsStream, one } = await startTwo();
    const azin = await connectWs(one.url);
    await azin.ask('send-message', { user: 'Azin', message: 'so that there is a room' });
    clock.advance(2_000);
    const late = await startSharing([nats()], { natsStream, clock: createClock() });
    await untilOnline(late.url, 1, () => {});
  });

  it('is not counted any more when nothing was heard of its server for a while', async () => {
    const { clock, natsStream, one } = await startTwo();
    await post(one.url, 'so that there is a room');
    const connection = await connect({ servers: nats().url });
    onTestFinished(() => connection.close());
    connection.publish(`${natsStream}-whisper.presence.killed`, '[["lobby",5]]');
    await untilOnline(one.url, 5, () => {});
    clock.advance(20_000);
    await untilOnline(one.url, 5, () => {});
    clock.advance(20_000);
    await untilOnline(one.url, 0, () => {});
  });

  it('is not counted any more when its server has stopped', async () => {
    const { clock, one, other } = await startTwo();
    const azin = await connectWs(one.url);
    await azin.ask('send-message', { user: 'Azin', message: 'so that there is a room' });
    await connectWs(other.url);
    await untilOnline(one.url, 2, () => clock.advance(100));
    await other.stop();
    await untilOnline(one.url, 1, () => {});
  });

  it('is told to be writing on the other servers, but not to itself', async () => {
    const { clock, one, other } = await startTwo();
    const [azin, bela] = [await connectWs(one.url), await connectWs(other.url)];
    await azin.ask('typing', { user: 'Azin' }, 'k');
    expect(await whilePassing(clock, bela.nextOf('typing'))).toEqual({ room: 'lobby', user: 'Azin' });
    await bela.ask('typing', { user: 'Bela' }, 'k');
    expect(await whilePassing(clock, azin.nextOf('typing'))).toEqual({ room: 'lobby', user: 'Bela' });
  });

  it('is told to be writing to those who poll another server, but not to itself', async () => {
    const { clock, one, other } = await startTwo();
    const cy = await identify(one.url);
    const ear = await connectWs(other.url);
    await write(one.url, '/typing', { user: 'Cy' }, { token: cy.token });
    expect(await whilePassing(clock, ear.nextOf('typing'))).toEqual({ room: 'lobby', user: 'Cy' });
    const ask = async (headers = {}) =>
      (await call(other.url, '/messages?typing=0', { headers })).headers.get('typing');
    expect(await ask()).toBe('Cy');
    expect(await ask({ Authorization: `Bearer ${cy.token}` })).toBeNull();
  });
});

/** Time goes on, a little more each time, as what one server says takes its way to the other. */
async function whilePassing<Value>(clock: ManualClock, promise: Promise<Value>): Promise<Value> {
  let isOver = false;
  const ended = promise.finally(() => {
    isOver = true;
  });
  await expect
    .poll(() => {
      clock.advance(100);
      return isOver;
    })
    .toBe(true);
  return ended;
}
