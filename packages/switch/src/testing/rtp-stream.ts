import { createSocket, type Socket } from 'node:dgram';

/** A-law of a 16 bit sample (ITU-T G.711). */
export const alawOf = (sample: number): number => {
  const sign = sample >= 0 ? 0x80 : 0;
  let magnitude = Math.min(32_635, sample >= 0 ? sample : -sample - 1);
  let exponent = 7;
  for (let mask = 0x4000; exponent > 0 && (magnitude & mask) === 0; mask >>= 1) exponent -= 1;
  magnitude = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | magnitude) ^ 0x55;
};

/** The 16 bit sample of an A-law byte (ITU-T G.711). */
export const linearOf = (alaw: number): number => {
  const value = alaw ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = (value & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return (value & 0x80) !== 0 ? magnitude : -magnitude;
};

/** The share of a signal's energy at one frequency, 0 to 1 (Goertzel); 0 for silence. */
export const toneShare = (alaw: Uint8Array, hz: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let before = 0;
  let last = 0;
  let energy = 0;
  for (const byte of alaw) {
    const sample = linearOf(byte);
    energy += sample * sample;
    [before, last] = [last, sample + coefficient * last - before];
  }
  // Quieter than a few steps of A-law is silence.
  if (energy < alaw.length * 400) return 0;
  return (2 * (before * before + last * last - coefficient * before * last)) / (alaw.length * energy);
};

type Beeps = { readonly atMs: readonly number[]; readonly ms: number; readonly hz: number };

const FRAME = 160;
const DIGITS = '0123456789*#ABCD';

/**
 * One side's audio: A-law in 20 ms packets. Sends what it is told (a tone, silence, or nothing at all) and keeps what comes.
 * A sender driven by a coarse timer catches up, so that the packet count follows the clock.
 */
export class RtpStream {
  readonly #socket: Socket;
  #remote: { readonly host: string; readonly port: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #timestamp = 0;
  #startedAtMs = 0;
  #sentFrames = 0;
  #toneHz: number | undefined;
  #phase = 0;
  #isQuiet = false;
  /** How much faster (parts per million) this side's sampling clock runs than ours: real phones are off by up to 100. */
  #clockPpm = 0;
  #stalledUntilMs = 0;
  #beeps: Beeps | undefined;
  /** How many packets are sent late after a pause of this process; those beyond are lost. A real phone does not pause. */
  mostLateFrames = 10;
  /** False for long calls: what is received is then not kept. */
  keepsReceived = true;
  /** Audio received, in order of arrival, with its time. */
  readonly received: { readonly atMs: number; readonly payload: Uint8Array }[] = [];
  /** RFC 4733 digits received. */
  readonly digits: string[] = [];
  #lastEventTimestamp = -1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#onPacket(data));
  }

  static async open(host: string): Promise<RtpStream> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, host, () => resolve());
    });
    socket.on('error', () => undefined);
    return new RtpStream(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  sendTo(remote: { readonly host: string; readonly port: number }): void {
    this.#remote = remote;
    if (this.#timer) return;
    this.#startedAtMs = Date.now();
    this.#timer = setInterval(() => this.#tick(), 20);
  }

  /** Lets the sampling clock run off by `ppm`. To be called before audio flows. */
  driftBy(ppm: number): void {
    this.#clockPpm = ppm;
  }
  /** Silence but for a tone of `ms` at each of these times, exact to the sample of this side's own clock. */
  beepAt(atMs: readonly number[], ms: number, hz: number): void {
    this.#beeps = { atMs, ms, hz };
  }
  /** Sends nothing for a while and then everything at once, as a network does that stalls. */
  stall(ms: number): void {
    this.#stalledUntilMs = Date.now() + ms;
  }

  /** Sends a tone from now on; undefined: silence. */
  tone(hz: number | undefined): void {
    this.#toneHz = hz;
  }
  /** Sends no packets at all, as a phone with voice activity detection does. */
  quiet(isQuiet: boolean): void {
    this.#isQuiet = isQuiet;
  }

  /** Sends digits as RFC 4733 events of 100 ms, 100 ms apart. */
  async dtmf(digits: string): Promise<void> {
    for (const digit of digits) {
      const code = DIGITS.indexOf(digit.toUpperCase());
      if (code < 0) continue;
      const timestamp = this.#timestamp;
      for (let packet = 0; packet < 8; packet += 1) {
        const isEnd = packet >= 5;
        const payload = Buffer.from([code, (isEnd ? 0x80 : 0) | 10, 0, 0]);
        payload.writeUInt16BE(Math.min(packet + 1, 5) * FRAME, 2);
        this.#send(payload, 101, timestamp, packet === 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** All audio received in the last `ms`, joined. */
  heard(ms = 500): Uint8Array {
    const since = Date.now() - ms;
    return Buffer.concat(this.received.filter((frame) => frame.atMs >= since).map((frame) => frame.payload));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    try {
      this.#socket.close();
    } catch {
      // Closed before.
    }
  }

  #tick(): void {
    if (Date.now() < this.#stalledUntilMs) return;
    const due = Math.floor(((Date.now() - this.#startedAtMs) * (1 + this.#clockPpm / 1e6)) / 20);
    // After a long pause of this process a burst would only confuse jitter buffers.
    if (due - this.#sentFrames > this.mostLateFrames) this.#sentFrames = due - this.mostLateFrames;
    while (this.#sentFrames < due) {
      this.#sentFrames += 1;
      const frame = Buffer.alloc(FRAME, 0xd5);
      if (this.#toneHz !== undefined) {
        for (let n = 0; n < FRAME; n += 1) {
          this.#phase += (2 * Math.PI * this.#toneHz) / 8000;
          frame[n] = alawOf(Math.round(8000 * Math.sin(this.#phase)));
        }
      }
      if (this.#beeps) this.#beepInto(frame, this.#beeps);
      this.#timestamp = (this.#timestamp + FRAME) >>> 0;
      if (!this.#isQuiet) this.#send(frame, 8, this.#timestamp, false);
    }
  }

  /** A packet holds what was said in the 20 ms before it is sent. */
  #beepInto(frame: Buffer, { atMs, ms, hz }: Beeps): void {
    const msPerSample = 1 / (8 * (1 + this.#clockPpm / 1e6));
    const fromMs = this.#startedAtMs + (this.#sentFrames - 1) * FRAME * msPerSample;
    const beep = atMs.find((at) => at < fromMs + 21 && at + ms > fromMs);
    if (beep === undefined) return;
    for (let n = 0; n < FRAME; n += 1) {
      const since = fromMs + n * msPerSample - beep;
      if (since >= 0 && since < ms) frame[n] = alawOf(Math.round(8000 * Math.sin((2 * Math.PI * hz * since) / 1000)));
    }
  }

  #send(payload: Buffer, type: number, timestamp: number, marker: boolean): void {
    if (!this.#remote) return;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (marker ? 0x80 : 0) | type;
    header.writeUInt16BE(this.#sequence, 2);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(0x51484855, 8);
    this.#socket.send(Buffer.concat([header, payload]), this.#remote.port, this.#remote.host);
  }

  #onPacket(data: Buffer): void {
    if (data.length <= 12) return;
    const type = (data[1] ?? 0) & 0x7f;
    if (type === 8 && this.keepsReceived)
      this.received.push({ atMs: Date.now(), payload: Uint8Array.from(data.subarray(12)) });
    if (type !== 101) return;
    const timestamp = data.readUInt32BE(4);
    if (timestamp === this.#lastEventTimestamp) return;
    this.#lastEventTimestamp = timestamp;
    this.digits.push(DIGITS[data[12] ?? 16] ?? '?');
  }
}
