/*
 * Codes that the server sends and the screens and the command line say in words. Shown: never rename, only add. Where the
 * field of a message is plain text, an older page may get a code that it does not know yet, and shows it as it is.
 */

/** Why a running campaign does not dial more lines now (`Campaign.live.limitedBy`). */
export const CAMPAIGN_LIMITS = [
  'noAgents',
  'enoughLines',
  'budget',
  'guard',
  'noLeads',
  'windowClosed',
  'noLines',
  'campaignRate',
  'noTrunk',
  'noCallerId',
  'callerIdsResting',
  'switchBusy',
  'switchDown',
  'database',
] as const;
export type CampaignLimit = (typeof CAMPAIGN_LIMITS)[number];

/** Problems of a campaign that its settings alone do not show (core's `SettingsProblem` has the others). */
export const CAMPAIGN_CHECK_CODES = [
  'unknownList',
  'listInUse',
  'listEmpty',
  'listDone',
  'consentMissing',
  'demoMixed',
  'labPackNeedsDemoList',
  'unknownTrunk',
  'labTrunkNeedsDemoList',
  'demoListNeedsLabTrunk',
  'trunkDisabled',
  'trunkUnreachable',
  'trunkRejected',
  'noTrunkEnabled',
  'noAgents',
  'noAgentAtWork',
] as const;
export type CampaignCheckCode = (typeof CAMPAIGN_CHECK_CODES)[number];

/** What to mend after a test call; `none` when it was answered. */
export const TRUNK_TEST_ADVICE = [
  'none',
  'calleeDecided',
  'checkCredentials',
  'checkPermission',
  'checkNumberFormat',
  'checkCodecs',
  'checkEncryption',
  'checkAddress',
  'askCarrier',
] as const;
export type TrunkTestAdvice = (typeof TRUNK_TEST_ADVICE)[number];
