import { z } from 'zod';
import { done, epochMs, listOf, locale, phoneNumber, shortText, trunkId, userId } from './common.ts';
import { defineRoute } from './route.ts';

export const ROLES = ['administrator', 'supervisor', 'agent'] as const;
/** What a person may do; policies are functions of it. */
export const role = z.enum(ROLES).meta({
  id: 'Role',
  description: 'administrator 管理员, supervisor 班长, agent 坐席.',
  examples: ['agent'],
});
export type Role = z.infer<typeof role>;

const stationMode = z.enum(['keptUp', 'perCall']).meta({
  id: 'StationMode',
  description:
    'keptUp: one standing leg that calls borrow, so that a callee hears no silence; perCall: rung each time.',
  examples: ['keptUp'],
});

/** How an agent's phone is reached. */
export const station = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('browser'), mode: stationMode }).meta({ description: 'The browser’s softphone.' }),
    z
      .object({
        kind: z.literal('sip'),
        mode: stationMode,
        contact: z
          .exactOptional(
            z
              .string()
              .max(200)
              .regex(/^sips?:[A-Za-z0-9._~+-]{1,64}@(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/),
          )
          .meta({
            description: 'Fixed address of a phone that does not register.',
            examples: ['sip:desk7@192.0.2.20:5060'],
          }),
      })
      .meta({
        description: 'A SIP phone: registers with its account (see mintPhoneAccount), or is at a fixed address.',
      }),
    z
      .object({
        kind: z.literal('mobile'),
        mode: z.literal('perCall').meta({ description: 'A mobile is rung for each call.', examples: ['perCall'] }),
        number: phoneNumber,
        trunkId: z.exactOptional(trunkId),
      })
      .meta({ description: 'A phone number reached through a trunk.' }),
  ])
  .meta({
    id: 'Station',
    description: 'How an agent’s phone is reached.',
    examples: [{ kind: 'browser', mode: 'keptUp' }],
  });
export type Station = z.infer<typeof station>;

const login = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'Letters, digits, dot, dash, underscore and @; up to 64.')
  .meta({ description: 'Name to log in with; lower case.', examples: ['li.na'] });

/** Long rather than complicated (NIST SP 800-63B, section 3.1.1). */
export const newPassword = z
  .string()
  .min(10)
  .max(200)
  .meta({
    id: 'NewPassword',
    description: 'At least 10 characters.',
    examples: ['correct horse battery'],
    secret: true,
  });

const displayName = shortText(80).meta({ description: 'Name shown to others.', examples: ['李娜'], pii: true });

export const user = z
  .object({
    userId,
    login,
    displayName,
    role,
    locale,
    station,
    isDemo: z.boolean().meta({ description: 'Part of the demonstration.', examples: [false] }),
    isDisabled: z.boolean().meta({ description: 'May not log in.', examples: [false] }),
    mustChangePassword: z
      .boolean()
      .meta({ description: 'Asked for a new password at the next log-in.', examples: [false] }),
    createdAtMs: epochMs,
  })
  .meta({
    id: 'User',
    description: 'A person who may log in.',
    examples: [
      {
        userId: '018f3c2e-7d4a-7abc-8def-0123456789ab',
        login: 'li.na',
        displayName: '李娜',
        role: 'agent',
        locale: 'zh',
        station: { kind: 'browser', mode: 'keptUp' },
        isDemo: false,
        isDisabled: false,
        mustChangePassword: false,
        createdAtMs: 1_763_800_000_000,
      },
    ],
  });
export type User = z.infer<typeof user>;

export const createUserBody = z
  .object({
    login,
    displayName,
    role,
    password: z.exactOptional(newPassword).meta({ description: 'Absent: one is made and returned once.' }),
    locale: locale.default('zh'),
    station: station.default({ kind: 'browser', mode: 'keptUp' }),
  })
  .meta({
    id: 'CreateUser',
    description: 'A new person.',
    examples: [{ login: 'li.na', displayName: '李娜', role: 'agent' }],
  });
export type CreateUserBody = z.infer<typeof createUserBody>;

export const updateUserBody = z
  .object({
    displayName: z.exactOptional(displayName),
    role: z.exactOptional(role),
    locale: z.exactOptional(locale),
    station: z.exactOptional(station),
    isDisabled: z
      .exactOptional(z.boolean())
      .meta({ description: 'True ends all sessions of this person at once.', examples: [true] }),
    password: z.exactOptional(newPassword).meta({ description: 'Sets it and ends all sessions of this person.' }),
  })
  .meta({ id: 'UpdateUser', description: 'What changes; absent fields stay.', examples: [{ role: 'supervisor' }] });
export type UpdateUserBody = z.infer<typeof updateUserBody>;

export const createdUser = z
  .object({
    user,
    password: z
      .exactOptional(z.string())
      .meta({ description: 'The made password; shown this once.', examples: ['k3-Vu9_qLx2a'], secret: true }),
  })
  .meta({ id: 'CreatedUser', description: 'The new person, with the password when it was made.' });

/** What a person types into a SIP phone. */
export const phoneAccount = z
  .object({
    username: z.string().meta({ description: 'Account, also its authentication name.', examples: ['p0123456789ab'] }),
    password: z.string().meta({ description: 'Shown this once.', examples: ['k3vu-9qlx-2amn-7pqr'], secret: true }),
    server: z.string().meta({ description: 'Registrar, host and port.', examples: ['192.0.2.1:5060'] }),
    transport: z.literal('udp').meta({ description: 'UDP; TCP at the same port serves as well.', examples: ['udp'] }),
  })
  .meta({ id: 'PhoneAccount', description: 'The account of a SIP phone, with its new password.' });
export type PhoneAccount = z.infer<typeof phoneAccount>;

export const userList = z
  .object({ items: listOf(user).meta({ description: 'Everybody, by login.' }) })
  .meta({ id: 'UserList', description: 'All people.' });

export const userParams = z.object({ userId });

export const userRoutes = {
  listUsers: defineRoute({
    method: 'GET',
    path: '/users',
    operationId: 'listUsers',
    tag: 'users',
    summary: 'Everybody who may log in',
    access: ['administrator', 'supervisor'],
    response: userList,
  }),
  createUser: defineRoute({
    method: 'POST',
    path: '/users',
    operationId: 'createUser',
    tag: 'users',
    summary: 'Adds a person',
    access: ['administrator'],
    body: createUserBody,
    response: createdUser,
    status: 201,
    problems: [409],
  }),
  updateUser: defineRoute({
    method: 'PATCH',
    path: '/users/:userId',
    operationId: 'updateUser',
    tag: 'users',
    summary: 'Changes a person',
    access: ['administrator'],
    params: userParams,
    body: updateUserBody,
    response: user,
    problems: [404, 409],
  }),
  mintPhoneAccount: defineRoute({
    method: 'POST',
    path: '/users/:userId/phone-account',
    operationId: 'mintPhoneAccount',
    tag: 'users',
    summary: 'Makes a new password for a person’s SIP phone',
    description: 'The password of before stops working. Agents may make their own.',
    access: ['administrator', 'agent'],
    params: userParams,
    response: phoneAccount,
    status: 201,
    problems: [404, 409],
  }),
  revokeSessions: defineRoute({
    method: 'DELETE',
    path: '/users/:userId/sessions',
    operationId: 'revokeSessions',
    tag: 'users',
    summary: 'Logs a person out everywhere',
    access: ['administrator'],
    params: userParams,
    response: done,
    problems: [404],
  }),
} as const;
