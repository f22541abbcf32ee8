import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createRiskPacer } from '../../src/dialing/pacing/risk-pacer.ts';
import { Risk } from '../../src/dialing/pacing/risk.ts';
import { defaultRiskPacerSettings } from '../../src/dialing/pacing/settings.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { defaultWorld } from '../../src/simulation/world.ts';

// Draws the pictures of docs/pacing.md: tsx packages/core/bench/pacing/pictures.ts BENCH_OUTPUT FOLDER
const [input, folder] = process.argv.slice(2);
if (input === undefined || folder === undefined) throw new Error('Give the output of bench:pacing and a folder.');

type Row = {
  readonly group: string;
  readonly agents: number;
  readonly answerRate: number;
  readonly algorithm: string;
  readonly occupancy: number;
  readonly dropRate: number;
};

const WIDTH = 640;
const HEIGHT = 340;
const LEFT = 60;
const BOTTOM = 290;
const TOP = 40;
const RIGHT = 620;

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="13" fill="#333" ${more}>${content}</text>`;

const frame = (title: string, body: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" role="img">` +
  `<title>${title}</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>` +
  `<path d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}" fill="none" stroke="#888"/>${body.join('')}</svg>\n`;

/** Risk of the next line for a team of ten with two idle, and the price it is held against. */
const riskPicture = (): string => {
  const answered = Float64Array.of(0.1, 0.3, 0.5, 0.7, 0.9);
  const free = Float64Array.from([0.04, 0.06, 0.08, 0.1, 0.13]);
  const risk = new Risk(
    answered.map(() => 2),
    8,
    0,
  );
  for (let i = 0; i < 8; i++) risk.addCompletion(free, 0);
  const price = 0.05;
  const body: string[] = [];
  const y = (value: number): number => BOTTOM - (value / 0.3) * (BOTTOM - TOP);
  for (let n = 0; n < 20; n++) {
    const value = risk.marginal();
    const x = LEFT + 12 + n * 27;
    const isDialled = value <= price;
    body.push(
      `<rect x="${x}" y="${y(Math.min(0.3, value)).toFixed(1)}" width="18" height="${(BOTTOM - y(Math.min(0.3, value))).toFixed(1)}" fill="${isDialled ? '#2a7' : '#d77'}"/>`,
      text(x + 9, BOTTOM + 18, String(n + 1), 'text-anchor="middle"'),
    );
    risk.addLine(answered, 0, 0.25);
  }
  body.push(
    `<path d="M${LEFT} ${y(price).toFixed(1)}H${RIGHT}" stroke="#06c" stroke-dasharray="6 4"/>`,
    text(LEFT + 8, y(price) - 8, 'price', 'font-weight="bold"'),
    text(LEFT, 24, 'Chance that a person on the next line meets nobody: 10 agents, 2 idle, one in four answers'),
    text(RIGHT, BOTTOM + 38, 'lines out', 'text-anchor="end"'),
  );
  for (const tick of [0, 0.1, 0.2, 0.3]) body.push(text(LEFT - 8, y(tick) + 4, `${100 * tick} %`, 'text-anchor="end"'));
  return frame('Risk of the next line against the price', body);
};

/** Occupancy by team size for the algorithms that stay within the limit or claim to. */
const occupancyPicture = (rows: readonly Row[]): string => {
  const shown = [
    ['pacer', '#2a7', 'Qianhu'],
    ['VICIdial TAPERED', '#c60', 'VICIdial TAPERED (over 3 %)'],
    ['ratio 2', '#06c', '2 lines per idle agent'],
  ] as const;
  const sizes = [...new Set(rows.filter((row) => row.group === 'main').map((row) => row.agents))].sort((a, b) => a - b);
  const x = (i: number): number => LEFT + 30 + (i * (RIGHT - LEFT - 60)) / Math.max(1, sizes.length - 1);
  const y = (value: number): number => BOTTOM - ((value - 0.3) / 0.7) * (BOTTOM - TOP);
  const body = sizes.map((size, i) => text(x(i), BOTTOM + 18, String(size), 'text-anchor="middle"'));
  shown.forEach(([algorithm, colour, label], k) => {
    const points = sizes.flatMap((size, i) => {
      const row = rows.find(
        (r) => r.group === 'main' && r.agents === size && r.answerRate === 0.1 && r.algorithm === algorithm,
      );
      return row === undefined ? [] : [{ x: x(i), y: y(row.occupancy), drop: row.dropRate }];
    });
    const line = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join('');
    body.push(`<path d="${line}" fill="none" stroke="${colour}" stroke-width="2.5"/>`);
    for (const p of points) {
      body.push(`<circle cx="${p.x.toFixed(1)}" cy="${p.y.toFixed(1)}" r="4" fill="${colour}"/>`);
      body.push(
        text(p.x + 6, p.y - 8, `${(100 * p.drop).toFixed(1)} %`, 'font-size="11"').replace('font-size="13" ', ''),
      );
    }
    body.push(text(RIGHT - 230, TOP + 85 + 18 * k, label, `font-weight="bold"`).replace('#333', colour));
  });
  body.push(
    text(LEFT, 24, 'Time spent with people, one in ten answers; at the points: dropped'),
    text(RIGHT, BOTTOM + 38, 'agents', 'text-anchor="end"'),
  );
  for (const tick of [0.4, 0.6, 0.8, 1]) body.push(text(LEFT - 8, y(tick) + 4, `${100 * tick} %`, 'text-anchor="end"'));
  return frame('Occupancy by team size', body);
};

/** One day of ten agents: calls dropped so far against what three per cent of the people so far would allow. */
const dayPicture = (): string => {
  const pacer = createRiskPacer(defaultRiskPacerSettings);
  const world = defaultWorld(10, 0.25);
  const seen: { at: number; humans: number; drops: number }[] = [];
  let humans = 0;
  let drops = 0;
  let start: number | undefined;
  simulate(
    world,
    {
      ...pacer,
      observe: (state, event) => {
        start ??= event.atMs;
        if (event.type === 'connected' || event.type === 'dropped') {
          humans++;
          if (event.type === 'dropped') drops++;
          if (event.type === 'dropped' || humans % 20 === 0)
            seen.push({ at: (event.atMs - start) / 3_600_000, humans, drops });
        }
        return pacer.observe(state, event);
      },
    },
    { seed: 2 },
  );
  const top = Math.ceil(0.03 * humans) + 2;
  const x = (hour: number): number => LEFT + (hour / 8) * (RIGHT - LEFT);
  const y = (calls: number): number => BOTTOM - (calls / top) * (BOTTOM - TOP);
  const path = (of: (one: (typeof seen)[number]) => number, colour: string): string =>
    `<path d="M${LEFT} ${BOTTOM}${seen.map((one) => `H${x(one.at).toFixed(1)}V${y(of(one)).toFixed(1)}`).join('')}" ` +
    `fill="none" stroke="${colour}" stroke-width="2"/>`;
  const body = [
    path((one) => 0.03 * one.humans, '#d4380d'),
    path((one) => one.drops, '#1677ff'),
    text(LEFT, 24, 'Ten agents, one day: calls dropped, and three per cent of those who answered'),
    text(x(4.4), y(0.03 * humans * 0.72), 'allowed so far', 'font-weight="bold" text-anchor="end"').replace(
      '#333',
      '#d4380d',
    ),
    text(x(5.2), y(0.03 * humans * 0.38), 'dropped so far', 'font-weight="bold"').replace('#333', '#1677ff'),
  ];
  for (let hour = 0; hour <= 8; hour += 2)
    body.push(text(x(hour), BOTTOM + 18, `${9 + hour}:00`, 'text-anchor="middle"'));
  for (let calls = 0; calls <= top; calls += 10)
    body.push(text(LEFT - 8, y(calls) + 4, String(calls), 'text-anchor="end"'));
  return frame('Dropped calls of a day against the limit', body);
};

const last = (await readFile(input, 'utf8')).trim().split('\n').at(-1) ?? '{}';
const { cells } = JSON.parse(last) as { readonly cells: readonly Row[] };
await mkdir(folder, { recursive: true });
await writeFile(path.join(folder, 'pacing-risk.svg'), riskPicture());
await writeFile(path.join(folder, 'pacing-day.svg'), dayPicture());
await writeFile(path.join(folder, 'pacing-occupancy.svg'), occupancyPicture(cells));
