import { z } from 'zod';
import { done } from './common.ts';
import { defineRoute } from './route.ts';
import { newPassword, user } from './users.ts';
import { locale } from './common.ts';

/** Every request that changes something carries this header: a foreign page cannot send it. */
export const CSRF_HEADER = 'x-qianhu-csrf';

export const loginBody = z
  .object({
    login: z
      .string()
      .trim()
      .toLowerCase()
      .min(1)
      .max(64)
      .meta({ description: 'Login name.', examples: ['admin'] }),
    password: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Password.', examples: ['correct horse battery'], secret: true }),
  })
  .meta({
    id: 'Login',
    description: 'Who logs in.',
    examples: [{ login: 'admin', password: 'correct horse battery' }],
  });

export const me = z
  .object({
    user,
    demo: z.boolean().meta({ description: 'Whether a demonstration is loaded.', examples: [true] }),
    numbersMasked: z
      .boolean()
      .meta({ description: 'Whether numbers are shown with asterisks to this person.', examples: [false] }),
  })
  .meta({ id: 'Me', description: 'The person of this session.' });
export type Me = z.infer<typeof me>;

export const changePasswordBody = z
  .object({
    currentPassword: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Present password.', examples: ['old password'], secret: true }),
    newPassword,
  })
  .meta({ id: 'ChangePassword', description: 'A new password for oneself. Ends all other sessions.' });

export const updateMeBody = z
  .object({ locale: z.exactOptional(locale) })
  .meta({ id: 'UpdateMe', description: 'What one may change about oneself.', examples: [{ locale: 'en' }] });

export const sessionRoutes = {
  login: defineRoute({
    method: 'POST',
    path: '/session',
    operationId: 'login',
    tag: 'session',
    summary: 'Logs in',
    description: 'Sets an HttpOnly cookie. Too many failures are answered 429 for some minutes.',
    access: 'public',
    body: loginBody,
    response: me,
  }),
  logout: defineRoute({
    method: 'DELETE',
    path: '/session',
    operationId: 'logout',
    tag: 'session',
    summary: 'Logs out; ends the session on the server',
    access: 'session',
    response: done,
  }),
  getMe: defineRoute({
    method: 'GET',
    path: '/session',
    operationId: 'getMe',
    tag: 'session',
    summary: 'Who is logged in',
    access: 'session',
    response: me,
  }),
  updateMe: defineRoute({
    method: 'PATCH',
    path: '/session',
    operationId: 'updateMe',
    tag: 'session',
    summary: 'Changes one’s own settings',
    access: 'session',
    body: updateMeBody,
    response: me,
  }),
  changePassword: defineRoute({
    method: 'PUT',
    path: '/session/password',
    operationId: 'changePassword',
    tag: 'session',
    summary: 'Changes one’s own password',
    access: 'session',
    body: changePasswordBody,
    response: done,
  }),
} as const;
