import { describe, expect, it } from 'vitest';
import type { Palette } from './palette.ts';
import { paletteOf } from './theme.ts';

type Rgb = readonly [number, number, number];
const channel = (hex: string, at: number): number => parseInt(hex.slice(at, at + 2), 16);
const rgbOf = (hex: string): Rgb => [channel(hex, 1), channel(hex, 3), channel(hex, 5)];
/** `color-mix(in srgb, a SHARE, b)`. */
const mix = (a: Rgb, share: number, b: Rgb): Rgb => [
  a[0] * share + b[0] * (1 - share),
  a[1] * share + b[1] * (1 - share),
  a[2] * share + b[2] * (1 - share),
];
/** Relative luminance and contrast as WCAG 2.2 defines them. */
const luminance = (color: Rgb): number => {
  const [r = 0, g = 0, b = 0] = color.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: Rgb, b: Rgb): number => {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
};

const grounds = ['ground', 'surface', 'raised', 'sunken', 'primarySoft'] as const satisfies readonly (keyof Palette)[];
const tones = ['ready', 'ringing', 'talking', 'held', 'wrapUp', 'paused', 'danger'] as const;
const texts = ['text', 'textSoft', 'textFaint', 'primary', ...tones] as const satisfies readonly (keyof Palette)[];

describe.each(['light', 'dark'] as const)('in the %s theme', (name) => {
  const palette = paletteOf(name);
  const of = (token: keyof Palette): Rgb => rgbOf(palette[token]);
  const tooFaint = (pairs: readonly (readonly [string, Rgb, Rgb])[]): readonly string[] =>
    pairs.filter(([, a, b]) => contrast(a, b) < 4.5).map(([pair, a, b]) => `${pair}: ${contrast(a, b).toFixed(2)}`);

  it('each colour that is used as text can be read on every ground', () => {
    expect(
      tooFaint(
        texts.flatMap((text) => grounds.map((ground) => [`${text} on ${ground}`, of(text), of(ground)] as const)),
      ),
    ).toEqual([]);
  });

  it('each mark can be read on its own tint (ui/phase.css: 78 % of it in the text, 12 % behind)', () => {
    expect(
      tooFaint(
        tones.flatMap((tone) =>
          grounds.map((ground) => {
            const color = mix(of(tone), 0.78, of('text'));
            return [`mark ${tone} on ${ground}`, color, mix(of(tone), 0.12, of(ground))] as const;
          }),
        ),
      ),
    ).toEqual([]);
  });

  it('the desk’s call card and the demonstration’s bar can be read (9 % of a tone on their ground)', () => {
    const card = tones.flatMap((tone) =>
      ([tone, 'text', 'textSoft'] as const).map(
        (text) => [`${text} on the card of ${tone}`, of(text), mix(of(tone), 0.09, of('surface'))] as const,
      ),
    );
    const bar = mix(of('wrapUp'), 0.09, of('ground'));
    expect(tooFaint([...card, ['demonstration’s bar', of('wrapUp'), bar]])).toEqual([]);
  });

  it('what is written on a button can be read, its key caps (90 %) too', () => {
    const fills = ['primary', 'danger'] as const;
    expect(
      tooFaint(
        fills.flatMap((fill) => [
          [`onPrimary on ${fill}`, of('onPrimary'), of(fill)] as const,
          [`key cap on ${fill}`, mix(of('onPrimary'), 0.9, of(fill)), of(fill)] as const,
        ]),
      ),
    ).toEqual([]);
  });
});
