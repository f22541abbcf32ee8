import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../stats/random.ts';
import type { AnswerModel } from './answer-model.ts';
import {
  answerProbability,
  bestTimeScore,
  explainAnswer,
  initialAnswerModel,
  learnAnswer,
  qualityOf,
} from './answer-model.ts';
import type { LeadFacts } from './features.ts';

const facts = (changes: Partial<LeadFacts> = {}): LeadFacts => ({ attempts: 0, hour: 10, weekday: 2, ...changes });

/** A model after dials to a list of which customers answer 50 %, strangers 10 %, and everyone more at 18 h. */
const taught = (dials: number): AnswerModel => {
  const random = createRandom(11);
  let model = initialAnswerModel(0.3);
  for (let i = 0; i < dials; i++) {
    const list = random.next() < 0.5 ? 'customers' : 'strangers';
    const hour = 9 + Math.floor(random.next() * 10);
    const rate = (list === 'customers' ? 0.5 : 0.1) * (hour === 18 ? 1.4 : 1);
    model = learnAnswer(model, facts({ list, hour }), random.next() < rate);
  }
  return model;
};

describe('the lead answer model', () => {
  it('says about its first guess when it knows nothing', () => {
    const p = answerProbability(initialAnswerModel(0.3), facts({ list: 'new', region: '021' }));
    expect(p).toBeGreaterThan(0.27);
    expect(p).toBeLessThan(0.4);
  });

  it('learns which list and hour answer, and beats the plain rate in log loss', () => {
    const model = taught(6000);
    expect(answerProbability(model, facts({ list: 'customers' }))).toBeGreaterThan(0.4);
    expect(answerProbability(model, facts({ list: 'strangers' }))).toBeLessThan(0.16);
    const { logLoss, plainLogLoss, calibrationError } = qualityOf(model.score);
    expect(logLoss).toBeLessThan(plainLogLoss - 0.08);
    expect(calibrationError).toBeLessThan(0.03);
  });

  it('explains a probability by its strongest reason', () => {
    const { reasons, probability } = explainAnswer(taught(3000), facts({ list: 'strangers' }));
    expect(reasons[0]).toMatchObject({ feature: 'list', value: 'strangers' });
    expect(reasons[0]?.oddsFactor).toBeLessThan(1);
    expect(probability).toBe(answerProbability(taught(3000), facts({ list: 'strangers' })));
  });

  it('prefers to call a lead at its better hour', () => {
    const model = taught(6000);
    const hours = [9, 10, 11, 14, 15, 16, 17, 18];
    expect(bestTimeScore(model, facts({ list: 'strangers', hour: 18 }), hours)).toBeGreaterThan(
      bestTimeScore(model, facts({ list: 'strangers', hour: 10 }), hours),
    );
  });

  it.each(['valueOf', 'constructor', '__proto__', 'toString'])('treats a list named %s like any other', (list) => {
    let model = initialAnswerModel(0.2);
    for (let i = 0; i < 50; i++) model = learnAnswer(model, facts({ list }), true);
    const plain = Array.from({ length: 50 }).reduce<AnswerModel>(
      (learned) => learnAnswer(learned, facts({ list: 'plain' }), true),
      initialAnswerModel(0.2),
    );
    expect(answerProbability(model, facts({ list }))).toBe(answerProbability(plain, facts({ list: 'plain' })));
    // What was stored comes back the same from the checkpoint.
    const restored = JSON.parse(JSON.stringify(model)) as AnswerModel;
    expect(answerProbability(restored, facts({ list }))).toBe(answerProbability(model, facts({ list })));
  });

  it('stays within probabilities for any history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ hour: fc.nat(23), answered: fc.boolean(), list: fc.string() }), { maxLength: 80 }),
        (history) => {
          let model = initialAnswerModel(0.2);
          for (const { hour, answered, list } of history) model = learnAnswer(model, facts({ hour, list }), answered);
          const p = answerProbability(model, facts({ list: 'x' }));
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThan(1);
        },
      ),
    );
  });
});
