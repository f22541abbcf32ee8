/** Thirty seconds of stereo telephone sound: callee left, agent right, in turns. 8 kHz, 16 bit. */
export const conversationWav = (): Buffer => {
  const rate = 8000;
  const seconds = 30;
  const data = Buffer.alloc(rate * seconds * 4);
  for (let i = 0; i < rate * seconds; i += 1) {
    const t = i / rate;
    const turn = Math.floor(t / 3) % 2;
    const shape = Math.abs(Math.sin(t * 5.3)) * Math.abs(Math.sin(t * 1.7 + 0.4));
    const sound = Math.sin(t * 2 * Math.PI * (turn === 0 ? 190 : 240)) * shape * 12_000;
    data.writeInt16LE(Math.round(turn === 0 ? sound : 0), i * 4);
    data.writeInt16LE(Math.round(turn === 1 ? sound : 0), i * 4 + 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 4, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
};
