import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePcap } from './pcap.ts';

/** A record as Asterisk's logger writes it: Ethernet, IPv4, UDP. */
const record = (text: string, atMs: number, from: [number[], number], to: [number[], number]): Buffer => {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(16 + 14 + 20 + 8);
  head.writeUInt32LE(Math.floor(atMs / 1000), 0);
  head.writeUInt32LE((atMs % 1000) * 1000, 4);
  head.writeUInt32LE(42 + payload.length, 8);
  head.writeUInt32LE(42 + payload.length, 12);
  head.writeUInt16BE(0x0800, 28);
  Buffer.from(from[0]).copy(head, 16 + 26);
  Buffer.from(to[0]).copy(head, 16 + 30);
  head.writeUInt16BE(from[1], 16 + 34);
  head.writeUInt16BE(to[1], 16 + 36);
  return Buffer.concat([head, payload]);
};
const header = Buffer.alloc(24);
header.writeUInt32LE(0xa1b2c3d4, 0);

test('packets are read with their time and addresses; an unfinished one is left out', () => {
  const one = record('INVITE sip:1@x SIP/2.0', 1_700_000_000_123, [[0, 0, 0, 0], 0], [[127, 0, 0, 3], 5060]);
  const two = record('SIP/2.0 486 Busy', 1_700_000_000_200, [[127, 0, 0, 3], 5060], [[0, 0, 0, 0], 0]);
  const packets = parsePcap(Buffer.concat([header, one, two, two.subarray(0, 40)]));
  expect(packets).toEqual([
    { atMs: 1_700_000_000_123, from: '0.0.0.0:0', to: '127.0.0.3:5060', text: 'INVITE sip:1@x SIP/2.0' },
    { atMs: 1_700_000_000_200, from: '127.0.0.3:5060', to: '0.0.0.0:0', text: 'SIP/2.0 486 Busy' },
  ]);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      parsePcap(Buffer.from(bytes));
      parsePcap(Buffer.concat([header, Buffer.from(bytes)]));
    }),
  );
});
