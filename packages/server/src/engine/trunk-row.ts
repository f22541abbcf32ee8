import type { TrunkSettings } from '@qianhu/contracts';
import type { TrunkId } from '@qianhu/core';
import type { TrunkSpec } from '@qianhu/switch';
import type { Pool } from 'pg';
import type { EngineTrunk } from './trunk-book.ts';

/** Opens a stored secret. */
export type SecretOpener = (sealed: Buffer) => string;

type Row = {
  id: string;
  name: string;
  settings: TrunkSettings;
  secret_enc: Buffer | null;
  priority: number;
  enabled: boolean;
  demo: boolean;
};

/** Reads every trunk with its secret opened. */
export const loadTrunks = async (pool: Pool, open: SecretOpener): Promise<readonly EngineTrunk[]> => {
  const { rows } = await pool.query<Row>(
    'SELECT id, name, settings, secret_enc, priority, enabled, demo FROM trunks ORDER BY priority, id',
  );
  return rows.map((row) => trunkOf(row, row.secret_enc === null ? '' : open(row.secret_enc)));
};

const trunkOf = (row: Row, password: string): EngineTrunk => {
  const { settings } = row;
  const trunkId = row.id as TrunkId;
  return {
    trunkId,
    name: row.name,
    isEnabled: row.enabled,
    isDemo: row.demo,
    priority: row.priority,
    home: settings.home,
    dialFormat: settings.dialFormat,
    callerIdFormat: settings.callerIdFormat,
    ...(settings.allowedCountries === undefined ? {} : { allowedCountries: settings.allowedCountries }),
    allowsPremiumRate: settings.allowsPremiumRate,
    limits: settings.limits,

    costPerCall: settings.costPerCall,
    vendorCauses: settings.vendorCauses,
    spec: specOf(trunkId, settings, password),
  };
};

const specOf = (trunkId: TrunkId, settings: TrunkSettings, password: string): TrunkSpec => ({
  trunkId,
  transport: settings.transport,
  ...(settings.certificate === undefined ? {} : { certificate: settings.certificate }),
  ...(settings.media === undefined ? {} : { media: settings.media }),
  host: settings.host,
  port: settings.port,
  ...(settings.outboundProxy === undefined ? {} : { outboundProxy: settings.outboundProxy }),
  auth: settings.auth.kind === 'ip' ? { kind: 'ip' } : { ...settings.auth, password },
  ...(settings.fromDomain === undefined ? {} : { fromDomain: settings.fromDomain }),
  ...(settings.fromUser === undefined ? {} : { fromUser: settings.fromUser }),
  codecs: settings.codecs,
  dtmf: settings.dtmf,
  callerIdIn: settings.callerIdIn,
  qualifySec: settings.qualifySec,
  ...(settings.inboundFrom === undefined ? {} : { inboundFrom: settings.inboundFrom }),
});
