import type { EpochMs } from '../../ids.ts';
import type { RulePack, RulePackId } from '../rule-pack.ts';
import { CHINA_PACKS } from './china.ts';
import { LAB_PACKS } from './lab.ts';
import { UK_PACKS } from './uk.ts';
import { USA_PACKS } from './usa.ts';

/** Every version of every pack, oldest first within a country. */
export const RULE_PACKS: Readonly<Record<RulePackId, readonly RulePack[]>> = {
  china: CHINA_PACKS,
  usa: USA_PACKS,
  uk: UK_PACKS,
  lab: LAB_PACKS,
};

/**
 * The version in force at an instant. Before the first one's date the first one holds: a clock set back must not leave a
 * campaign without rules.
 */
export const rulePackAt = (id: RulePackId, atMs: EpochMs): RulePack => {
  const versions = RULE_PACKS[id];
  const inForce = versions.findLast((pack) => Date.parse(`${pack.effectiveFrom}T00:00:00Z`) <= atMs) ?? versions[0];
  if (!inForce) throw new Error(`Rule pack ${id} has no version.`);
  return inForce;
};
