import type { TrunkTestAdvice } from '@qianhu/contracts';
import { classifyEnding, formatNumber, type LegEnding, type LegId, type PhoneNumber, type TrunkId } from '@qianhu/core';
import { AppError } from '../errors.ts';
import type { EngineWorld } from './engine-world.ts';
import { numberFacts } from '../numbers/number-facts.ts';
import type { TrunkTestResult } from './port.ts';

/** How long an answered test call is held, long enough to hear that it works. */
const HOLD_MS = 2_000;

/** One traced call through a trunk, hung up after two seconds of answer; says what came of it and what to mend. */
export const testTrunk = async (
  world: EngineWorld,
  trunkId: TrunkId,
  number: string,
  options: { readonly ringTimeoutMs: number; readonly signal?: AbortSignal },
): Promise<TrunkTestResult> => {
  const trunk = world.trunks.get(trunkId);
  if (trunk === undefined) throw new AppError('notFound', 'There is no such trunk, or the engine has not read it yet.');
  const facts = numberFacts(number as PhoneNumber);
  const allowed = trunk.allowedCountries ?? [trunk.home.country];
  if (!trunk.isDemo && allowed !== 'any' && !allowed.includes(facts.country)) {
    throw new AppError(
      'invalid',
      `This trunk may not dial ${facts.country}; add the country to its allowed destinations first.`,
      { details: { country: facts.country } },
    );
  }
  if (world.trunks.openDials(trunkId) >= trunk.limits.maxConcurrent)
    throw new AppError('tooMany', 'Every channel of this trunk is in use; try again when a call has ended.', {
      retryable: true,
    });
  const dialString = formatNumber({ home: trunk.home, rules: trunk.dialFormat }, facts);
  if (!dialString.ok)
    throw new AppError('invalid', 'No line of the trunk’s number format fits this number.', {
      details: { reason: dialString.reason },
    });
  const legId = world.ids.next<LegId>();
  const startedAtMs = world.clock.now();
  const seen: { ringingAtMs?: number; progressAtMs?: number; answeredAtMs?: number } = {};
  const ending = await new Promise<LegEnding>((resolve, reject) => {
    const hangUp = (): void => void world.switch.hangUp(legId, 'normal').catch(() => undefined);
    const cancelGuard = world.clock.setTimer(options.ringTimeoutMs + 10_000, () => {
      hangUp();
      resolve({ cause: 0, by: 'switch', text: 'The switch did not say how the call ended.' });
    });
    options.signal?.addEventListener('abort', hangUp, { once: true });
    world.kernel.legs.set(legId, {
      kind: 'test',
      onEvent: (event) => {
        if (event.type === 'legRinging') seen.ringingAtMs ??= event.atMs;
        if (event.type === 'legProgress') seen.progressAtMs ??= event.atMs;
        if (event.type === 'legAnswered') {
          seen.answeredAtMs ??= event.atMs;
          world.clock.setTimer(HOLD_MS, hangUp);
        }
        if (event.type === 'legEnded') {
          cancelGuard();
          resolve(event.ending);
        }
      },
    });
    world.switch
      .originate({
        legId,
        target: { kind: 'trunk', trunkId, dialString: dialString.text },
        ringTimeoutMs: options.ringTimeoutMs,
        trace: true,
      })
      .catch((error: unknown) => {
        cancelGuard();
        reject(
          new AppError(
            'unavailable',
            `The switch did not take the call: ${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          ),
        );
      });
  }).finally(() => world.kernel.legs.delete(legId));
  const judged = classifyEnding({
    ending,
    rang: seen.ringingAtMs !== undefined,
    progressed: seen.progressAtMs !== undefined,
    answered: seen.answeredAtMs !== undefined,
    ringTimedOut: ending.by === 'us' && seen.answeredAtMs === undefined,
  });
  const trace = world.switch.capabilities.sipTrace ? await world.switch.sipTrace(legId).catch(() => []) : [];
  const ringMs = seen.answeredAtMs === undefined ? undefined : seen.answeredAtMs - startedAtMs;
  return {
    outcome: judged.outcome,
    cause: ending.cause,
    ...(ending.sipStatus === undefined ? {} : { sipStatus: ending.sipStatus }),
    text:
      seen.answeredAtMs === undefined
        ? (ending.text ?? judged.code)
        : `Answered after ${Math.round((ringMs ?? 0) / 100) / 10} s.`,
    advice: adviceFor(judged.outcome, ending, trunk.spec.media === 'srtp'),
    ...(ringMs === undefined ? {} : { ringMs }),
    trace: trace.map(({ atMs, direction, text }) => ({ atMs, direction, text })),
  };
};

/** Static codes; the screens and the command line say them in words. */
const adviceFor = (outcome: TrunkTestResult['outcome'], ending: LegEnding, isEncrypted: boolean): TrunkTestAdvice => {
  if (outcome === 'answered') return 'none';
  switch (ending.sipStatus) {
    case 401:
    case 407:
      return 'checkCredentials';
    case 403:
      return 'checkPermission';
    case 404:
    case 484:
      return 'checkNumberFormat';
    case 488:
      return isEncrypted ? 'checkEncryption' : 'checkCodecs';
    case 503:
      return 'askCarrier';
    case undefined:
      return outcome === 'congestion' || outcome === 'failed' ? 'checkAddress' : 'calleeDecided';
    default:
      return ending.sipStatus >= 500 && ending.sipStatus < 600 ? 'askCarrier' : 'calleeDecided';
  }
};
