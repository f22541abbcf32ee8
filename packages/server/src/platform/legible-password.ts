import { randomInt } from 'node:crypto';

/** Letters and digits that are not taken for one another when read aloud or typed. */
const LEGIBLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A password to be read from a screen and typed: 4 groups of 4, about 79 bits. */
export const makePassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => LEGIBLE[randomInt(LEGIBLE.length)]).join('')).join(
    '-',
  );
