import { z } from 'zod';
import { listOf } from './common.ts';
import { defineRoute } from './route.ts';

const code = z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/);

/** Settings of the whole house that an administrator changes while it runs. */
export const houseSettings = z
  .object({
    maskNumbersForAgents: z
      .boolean()
      .default(true)
      .meta({ description: 'Agents see +86138****8000.', examples: [true] }),
    defaultRegion: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .default('CN')
      .meta({ description: 'Country of numbers written without country code.', examples: ['CN'] }),
    pauseReasons: listOf(
      z.object({
        code: code.meta({ description: 'Stable code.', examples: ['lunch'] }),
        label: z.object({
          zh: z
            .string()
            .min(1)
            .max(40)
            .meta({ description: 'In Chinese.', examples: ['用餐'] }),
          en: z
            .string()
            .min(1)
            .max(40)
            .meta({ description: 'In English.', examples: ['Lunch'] }),
        }),
      }),
      { min: 1, max: 50 },
    )
      .default([
        { code: 'break', label: { zh: '小休', en: 'Break' } },
        { code: 'lunch', label: { zh: '用餐', en: 'Lunch' } },
        { code: 'meeting', label: { zh: '会议', en: 'Meeting' } },
        { code: 'training', label: { zh: '培训', en: 'Training' } },
      ])
      .meta({ description: 'What an agent may choose when pausing.' }),
    promptLocale: z
      .enum(['zh', 'en'])
      .default('zh')
      .meta({ description: 'Language of the prompts to callees.', examples: ['zh'] }),
  })
  .meta({ id: 'HouseSettings', description: 'Settings of the whole house.' });
export type HouseSettings = z.infer<typeof houseSettings>;

export const settingsRoutes = {
  getSettings: defineRoute({
    method: 'GET',
    path: '/settings',
    operationId: 'getSettings',
    tag: 'settings',
    summary: 'Settings of the whole house',
    access: ['administrator', 'supervisor'],
    response: houseSettings,
  }),
  putSettings: defineRoute({
    method: 'PUT',
    path: '/settings',
    operationId: 'putSettings',
    tag: 'settings',
    summary: 'Replaces the settings',
    access: ['administrator'],
    body: houseSettings,
    response: houseSettings,
  }),
} as const;
