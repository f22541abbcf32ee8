// Makes every sound the project ships: the product's prompts and music (packages/server/assets), and what the lab's
// callees and carrier say (packages/lab/assets). Speech by espeak-ng 1.52 from Debian, tones and music by this script;
// all 8 kHz, 16 bit, mono. The results are committed: run it only to change them.
//
//   npx tsx scripts/make-prompts.mjs [--parts FOLDER]
//
// espeak-ng is GPL; the sounds it makes are not. The melody is this script's own.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEspeak } from '../packages/parts/src/index.ts';

const RATE = 8000;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const partsAt = process.argv.indexOf('--parts');
const partsDir = partsAt > 0 ? process.argv[partsAt + 1] : join(root, '.qianhu', 'parts');

const espeak = await ensureEspeak({
  partsDir,
  onProgress: ({ text }) => process.stderr.write(`${text}\n`),
});

/** Samples in -1…1 at 8 kHz of a sentence. */
function speak(text, voice, { speed = 165, pitch = 50 } = {}) {
  const args = [...espeak.args, '-v', voice, '-s', String(speed), '-p', String(pitch), '--stdout', text];
  const run = spawnSync(espeak.command, args, { env: espeak.env, maxBuffer: 64e6 });
  if (run.status !== 0) throw new Error(`espeak-ng failed: ${run.stderr}`);
  const wav = run.stdout;
  const rate = wav.readUInt32LE(24);
  const data = wav.subarray(44);
  const samples = Float64Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(2 * i) / 32768);
  return level(trim(resample(samples, rate)), 0.12);
}

/** To 8 kHz through a windowed-sinc low-pass at 3.5 kHz. */
function resample(samples, rate) {
  const half = 48;
  const cut = 3500 / rate;
  const out = new Float64Array(Math.floor((samples.length * RATE) / rate));
  for (let i = 0; i < out.length; i++) {
    const at = (i * rate) / RATE;
    let sum = 0;
    for (let k = Math.ceil(at - half); k <= at + half; k++) {
      const x = at - k;
      const sinc = x === 0 ? 2 * cut : Math.sin(2 * Math.PI * cut * x) / (Math.PI * x);
      sum += (samples[k] ?? 0) * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half));
    }
    out[i] = sum;
  }
  return out;
}

/** Without the silence at both ends, but for 60 ms. */
function trim(samples) {
  const loud = (v) => Math.abs(v) > 0.004;
  const first = samples.findIndex(loud);
  const last = samples.findLastIndex(loud);
  if (first < 0) throw new Error('Nothing was said.');
  return samples.slice(Math.max(0, first - 480), last + 480);
}

/** To a root mean square over the loud parts, without clipping. */
function level(samples, rms) {
  const loud = samples.filter((v) => Math.abs(v) > 0.01);
  const now = Math.sqrt(loud.reduce((sum, v) => sum + v * v, 0) / Math.max(1, loud.length));
  const peak = samples.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const gain = Math.min(rms / now, 0.9 / peak);
  return samples.map((v) => v * gain);
}

const silence = (sec) => new Float64Array(Math.round(sec * RATE));
/** A sine with 5 ms ramps. */
const tone = (hz, sec, amplitude = 0.2) =>
  Float64Array.from({ length: Math.round(sec * RATE) }, (_, i) => {
    const t = i / RATE;
    return amplitude * Math.sin(2 * Math.PI * hz * t) * Math.min(1, t / 0.005, (sec - t) / 0.005);
  });
const join2 = (...parts) => Float64Array.from(parts.flatMap((p) => [...p]));

/** Eight bars (C – Am – F – G twice) at 120 beats a minute: a plucked arpeggio under a slow pentatonic line; ends where it began. */
function melody() {
  const beat = 0.5;
  const bars = 8;
  const out = new Float64Array(Math.round(bars * 4 * beat * RATE));
  const hz = (semitones) => 261.63 * 2 ** (semitones / 12);
  const note = (atSec, semitones, sec, amplitude) => {
    const start = Math.round(atSec * RATE);
    const f = hz(semitones);
    for (let i = 0; i < sec * RATE; i++) {
      const t = i / RATE;
      const shape = amplitude * Math.min(1, t / 0.008) * Math.exp(-3 * (t / sec));
      const wave =
        Math.sin(2 * Math.PI * f * t) + 0.35 * Math.sin(4 * Math.PI * f * t) + 0.12 * Math.sin(6 * Math.PI * f * t);
      // The tail of the last notes rings on into the beginning of the loop.
      out[(start + i) % out.length] += shape * wave;
    }
  };
  const chords = [
    [0, 4, 7],
    [-3, 0, 4],
    [-7, -3, 0],
    [-5, -1, 2],
    [0, 4, 7],
    [-3, 0, 4],
    [-7, -3, 0],
    [-5, -1, 2],
  ];
  const line = [
    [12, 2],
    [16, 1],
    [14, 1],
    [12, 2],
    [9, 2],
    [9, 1],
    [12, 1],
    [14, 2],
    [11, 2],
    [14, 2],
    [16, 2],
    [19, 1],
    [16, 1],
    [14, 1],
    [12, 1],
    [9, 2],
    [12, 2],
    [14, 2],
    [7, 2],
    [12, 0],
  ];
  chords.forEach((chord, bar) => {
    [0, 1, 2, 1, 0, 1, 2, 1].forEach((which, eighth) =>
      note(bar * 4 * beat + (eighth * beat) / 2, chord[which], 0.9, 0.11),
    );
  });
  let at = 0;
  for (const [semitones, beats] of line) {
    if (beats > 0) note(at, semitones, beats * beat + 0.4, 0.17);
    at += beats * beat;
  }
  return out.map((v) => Math.max(-0.9, Math.min(0.9, v)));
}

function save(path, samples) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  const header = Buffer.alloc(44);
  const bytes = samples.length * 2;
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  const body = Buffer.alloc(bytes);
  samples.forEach((v, i) => body.writeInt16LE(Math.round(Math.max(-1, Math.min(1, v)) * 32767), 2 * i));
  writeFileSync(file, Buffer.concat([header, body]));
  process.stdout.write(`${path} ${(samples.length / RATE).toFixed(1)} s\n`);
}

const prompts = {
  zh: {
    voice: 'cmn+f3',
    drop: '您好，这里是客户服务中心。很抱歉，现在所有坐席都在忙，我们会稍后再与您联系。打扰了，再见。',
    'please-hold': '请稍等，正在为您转接。',
    'all-agents-busy': '目前所有坐席都在忙，请您稍候，我们将尽快为您服务。',
    'recording-notice': '为了保证服务质量，本次通话将被录音。',
    goodbye: '感谢您的接听，再见。',
  },
  en: {
    voice: 'en-us+f3',
    drop: 'Hello, this is the customer service centre. We are sorry, no agent is free at this moment. We will call you again later. Goodbye.',
    'please-hold': 'Please hold while we connect your call.',
    'all-agents-busy': 'All our agents are busy. Please stay on the line, and we will be with you as soon as possible.',
    'recording-notice': 'To maintain the quality of our service, this call will be recorded.',
    goodbye: 'Thank you for your time. Goodbye.',
  },
};
// GB/T 3380: 450 Hz, 1 s on, 4 s off.
const ringing = join2(tone(450, 1, 0.15), silence(4));
const music = melody();
for (const [language, { voice, ...texts }] of Object.entries(prompts)) {
  const dir = `packages/server/assets/prompts/${language}`;
  for (const [name, text] of Object.entries(texts))
    save(`${dir}/${name}.wav`, speak(text, voice, { speed: language === 'zh' ? 160 : 150 }));
  save(`${dir}/ringing.wav`, ringing);
  save(`${dir}/hold.wav`, music);
}
// The folder of the switch's hold music class.
save('packages/server/assets/music/hold.wav', music);

const lab = 'packages/lab/assets';
const carrier = {
  'invalid-number': '您好，您拨打的号码是空号，请核对后再拨。',
  'powered-off': '您好，您拨打的电话已关机，请稍后再拨。',
  suspended: '您好，您拨打的电话已停机。',
  'in-a-call': '您好，您拨打的用户正在通话中，请稍后再拨。',
  unreachable: '您好，您拨打的电话暂时无法接通，请稍后再拨。',
};
for (const [name, text] of Object.entries(carrier))
  save(`${lab}/carrier/${name}.wav`, speak(text, 'cmn+f2', { speed: 170 }));

const people = {
  hello: '喂，你好。',
  who: '请问你是哪一位？',
  yes: '嗯，你说。',
  ok: '好的，我知道了。',
  no: '不需要，谢谢。',
  when: '我现在有点忙，你下午再打给我吧。',
  price: '这个多少钱？',
};
const voices = { a: ['cmn+m3', 45], b: ['cmn+f4', 60], c: ['cmn+m7', 30] };
for (const [who, [voice, pitch]] of Object.entries(voices))
  for (const [name, text] of Object.entries(people))
    save(`${lab}/people/${who}-${name}.wav`, speak(text, voice, { pitch, speed: 175 }));

save(
  `${lab}/voicemail-greeting.wav`,
  speak('您好，我现在不方便接听电话，请在提示音之后留言，我会尽快给您回电。', 'cmn+m3', { speed: 165 }),
);
save(`${lab}/voicemail-beep.wav`, tone(1000, 0.5, 0.3));
// T.30 5.3.3: the called terminal's 2100 Hz for 2.6 to 4 s, then 75 ms of silence and its signals (1650 Hz preamble here).
save(`${lab}/fax.wav`, join2(silence(0.4), tone(2100, 3, 0.3), silence(0.075), tone(1650, 1, 0.2), silence(1.5)));
save(`${lab}/color-ring.wav`, music.slice(0, 8 * RATE));
save(`${lab}/agent-hello.wav`, speak('您好，这里是千呼演示坐席，请问有什么可以帮您？', 'cmn+f3', { speed: 165 }));
save(`${lab}/agent-more.wav`, speak('好的，明白了。您还有别的问题吗？', 'cmn+f3', { speed: 165 }));

// What sipp's far ends send: a second of 440 Hz, headerless A-law (G.711), looped by sipp; whole periods, so without a click.
const alaw = (sample) => {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(32635, Math.abs(sample));
  if (magnitude < 256) return (sign | (magnitude >> 4)) ^ 0x55;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  return (sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) ^ 0x55;
};
const toneFile = join(root, 'packages/lab/sipp/tone-440.alaw');
writeFileSync(
  toneFile,
  Buffer.from(
    Array.from({ length: RATE }, (_, i) => alaw(Math.round(6000 * Math.sin((2 * Math.PI * 440 * i) / RATE)))),
  ),
);
