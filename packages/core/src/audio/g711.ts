/**
 * G.711 A-law (ITU-T G.711, table 1a): one byte a sample, even bits inverted, 13-bit linear range scaled to 16 bits.
 */
const ALAW_TO_PCM: Int16Array = (() => {
  const table = new Int16Array(256);
  for (let code = 0; code < 256; code++) {
    const bits = code ^ 0x55;
    const exponent = (bits & 0x70) >> 4;
    const mantissa = bits & 0x0f;
    // Half a step is added so that a decoded value lies in the middle of its interval.
    const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
    table[code] = bits & 0x80 ? magnitude : -magnitude;
  }
  return table;
})();

/** Decodes one A-law byte to a 16-bit sample. */
export const alawToPcm = (code: number): number => ALAW_TO_PCM[code & 0xff] ?? 0;
