/** A datagram of a capture: addresses as `address:port`, and its text. */
export type CapturedPacket = {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
};

const MAGIC = 0xa1b2c3d4;

/**
 * Reads what Asterisk's PJSIP logger writes (`pjsip set logger pcap`): Ethernet, IPv4 or IPv6, and always UDP, whatever the
 * transport was. An unfinished last record is left out.
 */
export const parsePcap = (file: Buffer): readonly CapturedPacket[] => {
  if (file.length < 24) return [];
  const isLittle = file.readUInt32LE(0) === MAGIC;
  if (!isLittle && file.readUInt32BE(0) !== MAGIC) return [];
  const u32 = (at: number): number => (isLittle ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const packets: CapturedPacket[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = u32(at + 8);
    const body = file.subarray(at + 16, at + 16 + length);
    if (body.length < length) break;
    const packet = parseFrame(body, u32(at) * 1000 + Math.floor(u32(at + 4) / 1000));
    if (packet) packets.push(packet);
    at += 16 + length;
  }
  return packets;
};

const parseFrame = (frame: Buffer, atMs: number): CapturedPacket | undefined => {
  if (frame.length < 14) return undefined;
  const isV4 = frame.readUInt16BE(12) === 0x0800;
  const udp = 14 + (isV4 ? 20 : 40);
  if (frame.length < udp + 8) return undefined;
  const address = (from: number): string =>
    isV4
      ? [...frame.subarray(from, from + 4)].join('.')
      : `[${Array.from({ length: 8 }, (_, n) => frame.readUInt16BE(from + 2 * n).toString(16)).join(':')}]`;
  const [source, target] = isV4 ? [26, 30] : [22, 38];
  return {
    atMs,
    from: `${address(source)}:${String(frame.readUInt16BE(udp))}`,
    to: `${address(target)}:${String(frame.readUInt16BE(udp + 2))}`,
    text: frame.toString('utf8', udp + 8),
  };
};
