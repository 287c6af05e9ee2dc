import { expect, it } from 'vitest';
import { isThisMachine, toClient } from '../../backend/address.ts';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '::1'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8::5', '2001:db8:0:0::/64'],
  ['2001:db8::2:3:4:5', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['', ''],
])('takes %s for the client %s', (address, client) => {
  expect(toClient(address)).toBe(client);
});

it('knows this machine, also where it speaks IPv4 over IPv6, and takes nobody else for it', () => {
  expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map(toClient).every(isThisMachine)).toBe(true);
  expect(['127.0.0.2', '192.0.2.1', '::2', ''].map(toClient).some(isThisMachine)).toBe(false);
});
