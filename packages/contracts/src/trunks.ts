import type { BucketRate, FormatRule, TrunkHome, TrunkLimits, VendorCause } from '@qianhu/core';
import { OUTCOMES } from '@qianhu/core';
import { z } from 'zod';
import { count, done, durationMs, epochMs, listOf, phoneNumber, shortText, trunkId } from './common.ts';
import { defineRoute } from './route.ts';

const host = z
  .string()
  .trim()
  .max(253)
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/, 'A host name or address is needed.');
const sipUser = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._~+*#-]+$/, 'Letters, digits and . _ ~ + * # - only.');
const country = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .meta({ id: 'CountryCode', description: 'ISO 3166-1 alpha-2.', examples: ['CN'] });

export const codec = z
  .enum(['alaw', 'ulaw', 'opus', 'g722', 'g729'])
  .meta({ id: 'Codec', description: 'Audio codec.', examples: ['alaw'] });

/** How the carrier knows us. The password is written only, beside the settings. */
export const trunkAuth = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('ip') }).meta({ description: 'By our address.' }),
    z
      .object({ kind: z.literal('digest'), username: sipUser.meta({ description: 'Account.', examples: ['10086'] }) })
      .meta({ description: 'Each call answers a challenge.' }),
    z
      .object({
        kind: z.literal('registration'),
        username: sipUser.meta({ description: 'Account.', examples: ['10086'] }),
        expirySec: z
          .exactOptional(z.int().min(60).max(86_400))
          .meta({ description: 'Registration period.', examples: [600] }),
      })
      .meta({ description: 'We register; calls answer challenges with the same account.' }),
  ])
  .meta({ id: 'TrunkAuth', description: 'How the carrier knows us.', examples: [{ kind: 'ip' }] });

/** One line of a number format; the first that fits decides. */
export const formatRule = z
  .object({
    country: z.exactOptional(z.union([z.literal('home'), z.literal('abroad'), country])).meta({
      description: 'Where the number belongs: the trunk’s home country, any other, or one country.',
      examples: ['home'],
    }),
    kind: z.exactOptional(z.enum(['mobile', 'landline', 'voip', 'tollFree', 'premiumRate', 'unknown'])).meta({
      description: 'Kind of number.',
      examples: ['mobile'],
    }),
    city: z.exactOptional(z.enum(['same', 'other', 'unknown'])).meta({
      description: 'The number’s city against the trunk’s.',
      examples: ['other'],
    }),
    template: z
      .string()
      .min(1)
      .max(60)
      .regex(/^(?:[0-9+*#]|\{(?:e164|digits|national|area|subscriber)\})+$/)
      .meta({
        description: 'Digits and {e164} {digits} {national} {area} {subscriber}.',
        examples: ['0{national}', '{e164}'],
      }),
  })
  .meta({
    id: 'FormatRule',
    description: 'When a number looks so, it is written so.',
    examples: [{ template: '{e164}' }],
  }) satisfies z.ZodType<FormatRule>;

export const trunkHome = z
  .object({
    country,
    areaCode: z
      .exactOptional(z.string().regex(/^\d{1,6}$/))
      .meta({ description: 'Area code without 0.', examples: ['10'] }),
  })
  .meta({
    id: 'TrunkHome',
    description: 'Where the carrier takes the calls.',
    examples: [{ country: 'CN', areaCode: '10' }],
  }) satisfies z.ZodType<TrunkHome>;

const bucketRate = z
  .object({
    perSecond: z
      .number()
      .positive()
      .max(1000)
      .meta({ description: 'New calls per second.', examples: [2] }),
    burst: z
      .number()
      .min(1)
      .max(1000)
      .meta({ description: 'Most at one moment.', examples: [4] }),
  })
  .meta({
    id: 'BucketRate',
    description: 'How fast new calls may start.',
    examples: [{ perSecond: 2, burst: 4 }],
  }) satisfies z.ZodType<BucketRate>;

export const trunkLimits = z
  .object({
    maxConcurrent: z
      .int()
      .min(1)
      .max(10_000)
      .meta({ description: 'Calls at once.', examples: [30] }),
    newCalls: bucketRate,
    maxCallsPerHour: z
      .exactOptional(z.int().min(1).max(10_000_000))
      .meta({ description: 'Calls in any hour.', examples: [2000] }),
    maxSpendPerHour: z.exactOptional(z.number().positive()).meta({
      description: 'Spend in any hour, in the smallest unit of the currency; by costPerCall.',
      examples: [30_000],
    }),
  })
  .meta({
    id: 'TrunkLimits',
    description: 'Limits that guard against fraud and faults.',
    examples: [{ maxConcurrent: 30, newCalls: { perSecond: 2, burst: 4 } }],
  }) satisfies z.ZodType<TrunkLimits>;

const vendorCause = z
  .object({
    sipStatus: z.exactOptional(z.int().min(300).max(699)).meta({ description: 'SIP status.', examples: [480] }),
    cause: z.exactOptional(z.int().min(1).max(127)).meta({ description: 'Q.850 cause.', examples: [20] }),
    reached: z
      .exactOptional(z.boolean())
      .meta({ description: 'Whether it had rung or given progress.', examples: [true] }),
    outcome: z.enum(OUTCOMES).meta({ description: 'What it means.', examples: ['poweredOff'] }),
    isFinal: z.boolean().meta({ description: 'Whether no other trunk is tried.', examples: [true] }),
  })
  .meta({
    id: 'VendorCause',
    description: 'One line of a carrier’s own cause map.',
    examples: [{ sipStatus: 480, reached: true, outcome: 'poweredOff', isFinal: true }],
  }) satisfies z.ZodType<VendorCause>;

/** Everything about a trunk but its name, its password and its place in the order. */
export const trunkSettings = z
  .object({
    transport: z
      .enum(['udp', 'tcp', 'tls'])
      .default('udp')
      .meta({ description: 'SIP transport.', examples: ['udp'] }),
    certificate: z.exactOptional(z.enum(['verified', 'unchecked'])).meta({
      description:
        'Over TLS: verified (default) asks for a certificate that is good for the host; unchecked takes any, and whoever can redirect the connection hears and steers the calls.',
      examples: ['verified'],
    }),
    media: z.exactOptional(z.enum(['rtp', 'srtp'])).meta({
      description:
        'The voice: rtp (default) is plain; srtp is encrypted by keys in the signalling (SDES), which only TLS keeps from others. A carrier that answers without it is not talked to.',
      examples: ['rtp'],
    }),
    host: host.meta({ description: 'The carrier’s host.', examples: ['sip.carrier.example'] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(5060)
      .meta({ description: 'The carrier’s port.', examples: [5060] }),
    outboundProxy: z
      .exactOptional(
        z
          .string()
          .max(200)
          .regex(/^sips?:[^\s;<>"\\]+$/),
      )
      .meta({ description: 'SIP URI that everything is sent through.', examples: ['sip:proxy.carrier.example:5060'] }),
    auth: trunkAuth,
    fromDomain: z.exactOptional(host).meta({ description: 'Domain in From.', examples: ['carrier.example'] }),
    fromUser: z
      .exactOptional(sipUser)
      .meta({ description: 'User in From where the carrier wants the account.', examples: ['10086'] }),
    codecs: listOf(codec, { min: 1, max: 5 })
      .default(['alaw', 'ulaw'])
      .meta({ description: 'In order of preference.', examples: [['alaw', 'ulaw']] }),
    dtmf: z
      .enum(['rfc4733', 'inband', 'info', 'auto'])
      .default('rfc4733')
      .meta({ description: 'How digits travel.', examples: ['rfc4733'] }),
    callerIdIn: z
      .enum(['from', 'pAssertedIdentity', 'remotePartyId', 'diversion'])
      .default('from')
      .meta({ description: 'Where the caller ID is written.', examples: ['from'] }),
    qualifySec: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .meta({ description: 'OPTIONS interval in seconds; 0 is off.', examples: [60] }),
    inboundFrom: z
      .exactOptional(listOf(host, { max: 50 }))
      .meta({ description: 'Further addresses that calls may come from.', examples: [['203.0.113.9']] }),
    home: trunkHome.default({ country: 'CN' }),
    dialFormat: listOf(formatRule, { min: 1, max: 50 })
      .default([{ template: '{e164}' }])
      .meta({
        description: 'How dialled numbers are written.',
        examples: [[{ country: 'home', template: '{national}' }]],
      }),
    callerIdFormat: listOf(formatRule, { min: 1, max: 50 })
      .default([{ template: '{e164}' }])
      .meta({ description: 'How caller IDs are written.', examples: [[{ template: '{national}' }]] }),
    allowedCountries: z
      .exactOptional(z.union([z.literal('any'), listOf(country, { min: 1, max: 250 })]))
      .meta({ description: 'Countries that may be dialled; absent: the home country only.', examples: [['CN', 'HK']] }),
    allowsPremiumRate: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether premium-rate numbers may be dialled.', examples: [false] }),
    limits: trunkLimits.default({ maxConcurrent: 30, newCalls: { perSecond: 2, burst: 4 } }),
    costPerCall: z
      .number()
      .nonnegative()
      .default(0)
      .meta({
        description: 'Cost of one call for the spend limit, in the smallest unit of the currency.',
        examples: [12],
      }),
    vendorCauses: listOf(vendorCause, { max: 100 })
      .default([])
      .meta({ description: 'What this carrier means by odd codes; the first that fits decides.' }),
    currency: z.exactOptional(z.string().regex(/^[A-Z]{3}$/)).meta({ description: 'ISO 4217.', examples: ['CNY'] }),
  })
  .meta({
    id: 'TrunkSettings',
    description: 'A line to a carrier.',
    examples: [{ host: 'sip.carrier.example', auth: { kind: 'ip' } }],
  });
export type TrunkSettings = z.infer<typeof trunkSettings>;

export const trunkState = z
  .object({
    reachable: z
      .enum(['reachable', 'unreachable', 'unknown'])
      .meta({ description: 'By OPTIONS.', examples: ['reachable'] }),
    registration: z
      .enum(['registered', 'rejected', 'unregistered', 'notUsed'])
      .meta({ description: 'Our registration at the carrier.', examples: ['notUsed'] }),
    rttMs: z.exactOptional(z.number()).meta({ description: 'Round trip in milliseconds.', examples: [18] }),
    detail: z.exactOptional(z.string()).meta({ description: 'In the switch’s words.', examples: ['401 Unauthorized'] }),
  })
  .meta({
    id: 'TrunkState',
    description: 'How the line is now.',
    examples: [{ reachable: 'reachable', registration: 'notUsed', rttMs: 18 }],
  });

const trunkName = shortText(80).meta({ description: 'Unique name.', examples: ['北京联通'] });
const priority = z
  .int()
  .min(1)
  .max(1000)
  .meta({ description: 'Lower is tried first.', examples: [100] });
const password = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'Written only; never returned.', examples: ['s3cret'], secret: true });

export const trunk = z
  .object({
    trunkId,
    name: trunkName,
    settings: trunkSettings,
    hasPassword: z.boolean().meta({ description: 'Whether a password is stored.', examples: [true] }),
    priority,
    isEnabled: z.boolean().meta({ description: 'Whether it takes calls.', examples: [true] }),
    isDemo: z.boolean().meta({ description: 'Leads to the lab, never to a carrier.', examples: [false] }),
    state: z.exactOptional(trunkState),
    createdAtMs: epochMs,
    updatedAtMs: epochMs,
  })
  .meta({ id: 'Trunk', description: 'A line to a carrier, with its state where the switch is up.' });
export type Trunk = z.infer<typeof trunk>;

export const createTrunkBody = z
  .object({
    name: trunkName,
    settings: trunkSettings,
    password: z.exactOptional(password),
    priority: priority.default(100),
    isEnabled: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether it takes calls.', examples: [true] }),
  })
  .meta({
    id: 'CreateTrunk',
    description: 'A new line.',
    examples: [{ name: '北京联通', settings: { host: 'sip.carrier.example', auth: { kind: 'ip' } } }],
  });
export type CreateTrunkBody = z.infer<typeof createTrunkBody>;

export const updateTrunkBody = z
  .object({
    name: z.exactOptional(trunkName),
    settings: z.exactOptional(trunkSettings).meta({ description: 'Replaces all settings.' }),
    password: z.exactOptional(z.union([password, z.null()])).meta({ description: 'Null removes it; absent keeps it.' }),
    priority: z.exactOptional(priority),
    isEnabled: z.exactOptional(z.boolean()).meta({ description: 'Whether it takes calls.', examples: [false] }),
  })
  .meta({ id: 'UpdateTrunk', description: 'What changes; absent fields stay.', examples: [{ isEnabled: false }] });
export type UpdateTrunkBody = z.infer<typeof updateTrunkBody>;

export const testTrunkBody = z
  .object({
    number: phoneNumber,
    ringTimeoutMs: durationMs.min(5000).max(60_000).default(30_000),
  })
  .meta({ id: 'TestTrunk', description: 'One test call.', examples: [{ number: '+8613800138000' }] });

export const trunkTestResult = z
  .object({
    outcome: z.enum(OUTCOMES).meta({ description: 'What the machine saw.', examples: ['answered'] }),
    cause: z.exactOptional(z.int()).meta({ description: 'Q.850 cause.', examples: [16] }),
    sipStatus: z.exactOptional(z.int()).meta({ description: 'SIP status of the far end.', examples: [200] }),
    text: z.string().meta({ description: 'In words.', examples: ['Answered after 4 s.'] }),
    advice: z.string().meta({ description: 'Code of what to mend; `none` when all is well.', examples: ['none'] }),
    ringMs: z.exactOptional(z.number()).meta({ description: 'How long it rang.', examples: [4000] }),
    trace: listOf(
      z.object({
        atMs: epochMs,
        direction: z.enum(['sent', 'received']).meta({ description: 'Seen from us.', examples: ['sent'] }),
        text: z.string().meta({ description: 'The SIP message.', examples: ['INVITE sip:…'], pii: true }),
      }),
    ).meta({ description: 'SIP messages in order.' }),
  })
  .meta({ id: 'TrunkTestResult', description: 'How the test call went.' });

export const trunkList = z
  .object({ items: listOf(trunk).meta({ description: 'All trunks by priority.' }), total: count })
  .meta({ id: 'TrunkList', description: 'All trunks.' });
export const trunkParams = z.object({ trunkId });

const admins = ['administrator'] as const;

export const trunkRoutes = {
  listTrunks: defineRoute({
    method: 'GET',
    path: '/trunks',
    operationId: 'listTrunks',
    tag: 'trunks',
    summary: 'All trunks with their state',
    access: ['administrator', 'supervisor'],
    response: trunkList,
  }),
  getTrunk: defineRoute({
    method: 'GET',
    path: '/trunks/:trunkId',
    operationId: 'getTrunk',
    tag: 'trunks',
    summary: 'One trunk with its state',
    access: ['administrator', 'supervisor'],
    params: trunkParams,
    response: trunk,
    problems: [404],
  }),
  createTrunk: defineRoute({
    method: 'POST',
    path: '/trunks',
    operationId: 'createTrunk',
    tag: 'trunks',
    summary: 'Adds a trunk',
    access: admins,
    body: createTrunkBody,
    response: trunk,
    status: 201,
    problems: [409],
  }),
  updateTrunk: defineRoute({
    method: 'PATCH',
    path: '/trunks/:trunkId',
    operationId: 'updateTrunk',
    tag: 'trunks',
    summary: 'Changes a trunk; calls in progress go on',
    access: admins,
    params: trunkParams,
    body: updateTrunkBody,
    response: trunk,
    problems: [404, 409],
  }),
  deleteTrunk: defineRoute({
    method: 'DELETE',
    path: '/trunks/:trunkId',
    operationId: 'deleteTrunk',
    tag: 'trunks',
    summary: 'Removes a trunk that no campaign in progress names',
    access: admins,
    params: trunkParams,
    response: done,
    problems: [404, 409],
  }),
  testTrunk: defineRoute({
    method: 'POST',
    path: '/trunks/:trunkId/test',
    operationId: 'testTrunk',
    tag: 'trunks',
    summary: 'Makes one test call and shows the SIP trace',
    access: admins,
    params: trunkParams,
    body: testTrunkBody,
    response: trunkTestResult,
    problems: [404, 409, 422, 503],
  }),
} as const;
