/** Bytes of the header that `wavHeader` makes. */
export const WAV_HEADER_BYTES = 44;

/**
 * RIFF header of linear PCM, 16 bit (Microsoft, Multimedia Programming Interface and Data Specifications 1.0, 1991).
 * @param frames One sample of each channel.
 * @param rate Frames per second.
 */
export const wavHeader = (sound: {
  readonly frames: number;
  readonly channels: 1 | 2;
  readonly rate: number;
}): Uint8Array => {
  const bytesPerFrame = 2 * sound.channels;
  const dataBytes = sound.frames * bytesPerFrame;
  const header = new DataView(new ArrayBuffer(WAV_HEADER_BYTES));
  const text = (at: number, letters: string): void => {
    for (let i = 0; i < letters.length; i++) header.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, 'RIFF');
  header.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes, true);
  text(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, sound.channels, true);
  header.setUint32(24, sound.rate, true);
  header.setUint32(28, sound.rate * bytesPerFrame, true);
  header.setUint16(32, bytesPerFrame, true);
  header.setUint16(34, 16, true);
  text(36, 'data');
  header.setUint32(40, dataBytes, true);
  return new Uint8Array(header.buffer);
};
