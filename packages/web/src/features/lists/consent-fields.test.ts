import { expect, it } from 'vitest';
import { emptyConsent, isHalf, statementOf } from './consent-fields.tsx';

it('is a statement only when it is ticked and says by what evidence', () => {
  expect(statementOf(emptyConsent)).toBeUndefined();
  expect(statementOf({ isGiven: true, evidence: ' ' })).toBeUndefined();
  expect(statementOf({ isGiven: false, evidence: 'form' })).toBeUndefined();
  expect(statementOf({ isGiven: true, evidence: ' form ' })).toEqual({ evidence: 'form' });
  expect([isHalf(emptyConsent), isHalf({ isGiven: true, evidence: '' })]).toEqual([false, true]);
});
