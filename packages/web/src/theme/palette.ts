/**
 * Rice paper and ink: a warm grey ground, one quiet blue-green (石青) for what can be pressed, and one colour per state of a
 * call. Each pair holds WCAG AA on its ground; no state is told by colour alone (ui/phase.tsx draws a shape as well).
 */
export type Palette = {
  readonly ground: string;
  readonly surface: string;
  readonly raised: string;
  readonly sunken: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly text: string;
  readonly textSoft: string;
  readonly textFaint: string;
  readonly primary: string;
  readonly primarySoft: string;
  readonly onPrimary: string;
  readonly ready: string;
  readonly ringing: string;
  readonly talking: string;
  readonly held: string;
  readonly wrapUp: string;
  readonly paused: string;
  readonly danger: string;
};

export const lightPalette: Palette = {
  ground: '#f5f3ee',
  surface: '#fffefb',
  raised: '#ffffff',
  sunken: '#efece5',
  line: '#e4dfd5',
  lineStrong: '#cdc6b8',
  text: '#1f2628',
  textSoft: '#545f62',
  textFaint: '#616a6b',
  primary: '#1f6f78',
  primarySoft: '#e2efee',
  onPrimary: '#ffffff',
  ready: '#226a40',
  ringing: '#8f5c0d',
  talking: '#1b6d8c',
  held: '#5058a8',
  wrapUp: '#81508a',
  paused: '#5f696d',
  danger: '#b93d2c',
};

export const darkPalette: Palette = {
  ground: '#111516',
  surface: '#181d1f',
  raised: '#1f2528',
  sunken: '#0d1011',
  line: '#2a3235',
  lineStrong: '#3d474b',
  text: '#e4e8e6',
  textSoft: '#a5b0b1',
  textFaint: '#909c9e',
  primary: '#58b3b6',
  primarySoft: '#1b3335',
  onPrimary: '#0b1718',
  ready: '#65c08b',
  ringing: '#dfb15c',
  talking: '#62b4d6',
  held: '#9ba3ea',
  wrapUp: '#c79bd2',
  paused: '#9aa5a9',
  danger: '#ee826f',
};
