import { expect, it } from 'vitest';
import { wavHeader } from './wav.ts';

it('describes two channels at 8 kHz as a player expects it', () => {
  const header = new DataView(wavHeader({ frames: 8_000, channels: 2, rate: 8_000 }).buffer);
  const text = (at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((i) => header.getUint8(at + i)));
  expect([text(0), text(8), text(12), text(36)]).toEqual(['RIFF', 'WAVE', 'fmt ', 'data']);
  expect({
    rest: header.getUint32(4, true),
    format: header.getUint16(20, true),
    channels: header.getUint16(22, true),
    rate: header.getUint32(24, true),
    bytesPerSecond: header.getUint32(28, true),
    bytesPerFrame: header.getUint16(32, true),
    bits: header.getUint16(34, true),
    data: header.getUint32(40, true),
  }).toEqual({
    rest: 32_036,
    format: 1,
    channels: 2,
    rate: 8_000,
    bytesPerSecond: 32_000,
    bytesPerFrame: 4,
    bits: 16,
    data: 32_000,
  });
});
