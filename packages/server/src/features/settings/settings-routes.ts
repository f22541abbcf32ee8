import { settingsRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { SettingsService } from './settings-service.ts';

/** Settings of the whole house. */
export const registerSettingsRoutes = (
  app: FastifyInstance,
  { settings }: { readonly settings: SettingsService },
): void => {
  addRoute(app, settingsRoutes.getSettings, () => settings.get());
  addRoute(app, settingsRoutes.putSettings, async ({ body, audit }) => {
    audit({ subjectId: 'house', details: { fields: Object.keys(body) } });
    return settings.put(body);
  });
};
