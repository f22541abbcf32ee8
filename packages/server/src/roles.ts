import { join } from 'node:path';
import type { ImportId } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import type { ServerPorts } from './ports.ts';
import { createAgentService } from './features/agent/agent-service.ts';
import { registerAgentRoutes } from './features/agent/agent-routes.ts';
import { createAgentStore } from './features/agent/agent-store.ts';
import { registerAttemptRoutes } from './features/attempts/attempt-routes.ts';
import { createAttemptService } from './features/attempts/attempt-service.ts';
import { createAttemptStore } from './features/attempts/attempt-store.ts';
import { registerCampaignRoutes } from './features/campaigns/campaign-routes.ts';
import { createCampaignService, type CampaignService } from './features/campaigns/campaign-service.ts';
import { createCampaignStore } from './features/campaigns/campaign-store.ts';
import { registerDemoRoutes } from './features/demo/demo-routes.ts';
import { createDemoService, type DemoService } from './features/demo/demo-service.ts';
import { createDemoStore } from './features/demo/demo-store.ts';
import { createDnc } from './features/dnc/create-dnc.ts';
import { registerDncRoutes } from './features/dnc/dnc-routes.ts';
import { registerDropLedgerRoutes } from './features/drops/drop-ledger-routes.ts';
import { registerCallerIdRoutes } from './features/caller-ids/caller-id-routes.ts';
import { createCallerIdService } from './features/caller-ids/caller-id-service.ts';
import { createCallerIdStore } from './features/caller-ids/caller-id-store.ts';
import { createDropLedgerService } from './features/drops/drop-ledger-service.ts';
import { createLedgerStore } from './features/drops/drop-ledger-store.ts';
import { registerForecastRoutes } from './features/forecast/forecast-routes.ts';
import { createForecastService } from './features/forecast/forecast-service.ts';
import { createForecastStore } from './features/forecast/forecast-store.ts';
import { forecastInThread } from './features/forecast/forecast-thread.ts';
import { registerHealthRoutes } from './features/health/health-routes.ts';
import { createHealthService } from './features/health/health-service.ts';
import { createIdentity, type Identity } from './features/identity/create-identity.ts';
import { registerIdentityRoutes } from './features/identity/identity-routes.ts';
import { createImports } from './features/imports/create-imports.ts';
import { registerImportRoutes } from './features/imports/imports-routes.ts';
import { createLists } from './features/lists/create-lists.ts';
import { registerLeadWhyRoutes } from './features/lead-why/lead-why-routes.ts';
import { createLeadWhyService } from './features/lead-why/lead-why-service.ts';
import { registerListRoutes } from './features/lists/lists-routes.ts';
import { registerRecordingRoutes } from './features/recordings/recording-routes.ts';
import { createRecordingService } from './features/recordings/recording-service.ts';
import { registerSettingsRoutes } from './features/settings/settings-routes.ts';
import { createSettingsService, type SettingsService } from './features/settings/settings-service.ts';
import { registerTrunkRoutes } from './features/trunks/trunk-routes.ts';
import { createTrunkService, type TrunkService } from './features/trunks/trunk-service.ts';
import { createTrunkStore } from './features/trunks/trunk-store.ts';
import { createHttpApp } from './http/app.ts';
import { registerSipProxy } from './http/sip-proxy.ts';
import { registerLiveRoutes } from './realtime/live-routes.ts';
import { createLiveTopics } from './realtime/live-topics.ts';

/** The API role, built: the HTTP side and the services that the composition uses itself. */
export type ApiRole = {
  readonly app: FastifyInstance;
  readonly identity: Identity['identity'];
  readonly settings: SettingsService;
  readonly trunks: TrunkService;
  readonly campaigns: CampaignService;
  readonly demo: DemoService;
};

/** Builds the API role over a database, an engine and the rest of the machine. */
export const createApiRole = async (ports: ServerPorts): Promise<ApiRole> => {
  const { database, engine, clock, ids, log, home } = ports;
  const db = database.kysely;
  const { identity, audit } = createIdentity({
    database,
    clock,
    ids,
    ...(ports.hasher === undefined ? {} : { hasher: ports.hasher }),
  });
  const settings = createSettingsService(db);
  const maskNumbersForAgents = async (): Promise<boolean> => (await settings.get()).maskNumbersForAgents;
  const trunks = createTrunkService({ store: createTrunkStore(db), engine, secrets: ports.secrets, ids, clock, log });
  const campaigns = createCampaignService({ store: createCampaignStore(db), engine, clock, ids, log });
  const callerIds = createCallerIdService({
    store: createCallerIdStore(db),
    clock,
    reloadCampaign: (id) => engine.reloadCampaign(id),
  });
  const forecasts = createForecastService({
    store: createForecastStore(db),
    campaigns,
    clock,
    simulate: forecastInThread,
  });
  const drops = createDropLedgerService({ store: createLedgerStore(db), campaigns, clock });
  const attempts = createAttemptService({ store: createAttemptStore(db), maskNumbersForAgents });
  const recordings = createRecordingService(db, join(home, 'recordings'));
  const agents = createAgentService({
    store: createAgentStore(db),
    engine,
    settings: () => settings.get(),
    clock,
    iceServers: ports.iceServers,
    secrets: ports.secrets,
    sipServer: ports.sipServer,
  });
  const lists = createLists({ db: database, clock, ids, reloadCampaign: (id) => engine.reloadCampaign(id) });
  const leadWhy = createLeadWhyService({ pool: database.pool, engine, clock });
  const imports = createImports({
    db: database,
    clock,
    ids,
    log,
    folder: join(home, 'imports'),
    putConsent: (listId, evidence) => lists.putConsent(listId, evidence),
  });
  const dnc = createDnc({ db: database, clock, ids, folder: join(home, 'imports') });
  await imports.recover();
  const health = createHealthService({
    pool: database.pool,
    engine,
    home,
    version: ports.version,
    ...(ports.watchedParts === undefined ? {} : { moreParts: ports.watchedParts }),
  });
  const demo = createDemoService({
    store: createDemoStore(db),
    engine,
    trunks,
    campaigns,
    identity,
    ids,
    clock,
    log,
    random: ports.random,
    recordingsFolder: join(home, 'recordings'),
    stopLab: ports.stopLab,
  });
  const onSessionEnded = (listener: (sessionKey: string) => void): (() => void) => identity.onSessionEnded(listener);
  identity.onSessionEnded((sessionKey) => {
    agents.sessionEnded(sessionKey).catch((error: unknown) => {
      log.warn({ err: error }, 'the phone of an ended session could not be taken away');
    });
  });

  const app = await createHttpApp({
    log,
    version: ports.version,
    cookieName: ports.cookieName,
    findViewer: (token) => identity.findViewer(token),
    audit,
    ...(ports.localToken === undefined ? {} : { localToken: ports.localToken }),
    ...(ports.tls === undefined ? {} : { tls: ports.tls }),
    ...(ports.webFolder === undefined ? {} : { webFolder: ports.webFolder }),
    registerFeatures: async (server) => {
      registerIdentityRoutes(server, {
        identity,
        audit,
        cookie: { name: ports.cookieName, isSecure: ports.tls !== undefined },
        maskNumbersForAgents,
        isDemoLoaded: async () => (await demo.status()).isLoaded,
        onUserChanged: async (userId) => {
          try {
            await engine.reloadAgents();
            await engine.reloadAgentPhone(userId as string as Parameters<typeof engine.agent>[0]);
          } catch (error) {
            // The rows are the truth: an engine that is away reads them when it comes.
            log.warn({ err: error }, 'people were stored, the engine takes them over later');
          }
        },
      });
      registerSettingsRoutes(server, { settings });
      registerTrunkRoutes(server, { trunks });
      registerCampaignRoutes(server, { campaigns });
      registerCallerIdRoutes(server, { callerIds });
      registerForecastRoutes(server, { forecasts });
      registerDropLedgerRoutes(server, { drops });
      registerAttemptRoutes(server, { attempts });
      registerRecordingRoutes(server, { recordings });
      registerAgentRoutes(server, { agents, engine });
      registerHealthRoutes(server, { health });
      registerDemoRoutes(server, { demo });
      registerListRoutes(server, { lists });
      registerLeadWhyRoutes(server, { leadWhy });
      await registerImportRoutes(server, { imports });
      await registerDncRoutes(server, { dnc });
      const resolveTopic = createLiveTopics({
        engine,
        imports: {
          snapshot: (importId) => imports.get(importId as ImportId),
          subscribe: (importId, push) =>
            imports.subscribe((view) => {
              if (view.importId === importId) push(view);
            }),
        },
      });
      registerLiveRoutes(server, { resolveTopic, onSessionEnded, clock, log });
      registerSipProxy(server, {
        switchUrl: ports.switchSipUrl,
        accountOf: (viewer) => agents.accountOf(viewer),
        onSessionEnded,
        log,
      });
      await ports.registerMore?.(server);
    },
  });
  app.addHook('onClose', () => imports.close());
  return { app, identity, settings, trunks, campaigns, demo };
};
