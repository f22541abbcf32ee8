import { common } from './common.ts';
import { attempt, player, verdict } from './attempts.ts';
import { campaign, campaignForm } from './campaigns.ts';
import { desk, phone } from './desk.ts';
import { consent, importer, list } from './lists.ts';
import { drops, forecast, pacing } from './pacing.ts';
import { audit, dnc, house, trunk, user } from './settings.ts';

/** All text in Chinese. The other languages have the same keys. */
export const zh = {
  ...common,
  attempt,
  audit,
  campaign,
  campaignForm,
  consent,
  desk,
  dnc,
  drops,
  forecast,
  house,
  importer,
  list,
  pacing,
  phone,
  player,
  trunk,
  user,
  verdict,
};
export type Dictionary = typeof zh;
