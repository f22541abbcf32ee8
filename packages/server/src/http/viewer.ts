import type { Access, Locale, Role, UserId } from '@qianhu/contracts';
import { AppError } from '../errors.ts';

/** Who asks. */
export type Viewer = {
  /** Absent: the command line on this machine, which acts as an administrator without being a person. */
  readonly userId?: UserId;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly locale: Locale;
  /** Identity of the session (not its secret); absent for the command line. */
  readonly sessionKey?: string;
};

/** Whether this person may use an endpoint. Pure. */
export const mayAccess = (viewer: Viewer | undefined, access: Access): boolean => {
  if (access === 'public') return true;
  if (viewer === undefined) return false;
  return access === 'session' || access.includes(viewer.role);
};

/** Whether this person sees every call, or only those that they took themselves. Pure. */
export const seesAllCalls = (viewer: Viewer): boolean => viewer.role !== 'agent';

/** Whether the middle of callees' numbers is hidden from this person. Pure. */
export const numbersAreMaskedFor = (viewer: Viewer, maskForAgents: boolean): boolean =>
  viewer.role === 'agent' && maskForAgents;

/** The person behind the request; throws 403 for the command line, which has no station, password or language. */
export const personOf = (viewer: Viewer): UserId => {
  if (viewer.userId === undefined) throw new AppError('forbidden', 'This is for people who are logged in.');
  return viewer.userId;
};

/**
 * Hides the middle of a number: country code, three digits and the last four stay (`+86138****8000`); short numbers keep
 * their last two. Works on dialled forms too (`013800138000`).
 */
export const maskNumber = (number: string): string => {
  const digits = number.replace(/^\+/, '').length;
  const tail = digits >= 10 ? 4 : 2;
  const head = Math.max(1, number.length - tail - 4);
  return (
    number.slice(0, head) + '*'.repeat(Math.max(0, number.length - tail - head)) + number.slice(number.length - tail)
  );
};
