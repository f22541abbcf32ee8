import { createWriteStream, openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  campaign,
  campaignChecks,
  campaignSummary,
  createdUser,
  createTrunkBody,
  importView,
  listView,
  pageOf,
  ROLES,
  trunk,
  trunkList,
  trunkTestResult,
  uploadedImport,
} from '@qianhu/contracts';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { ApiClient } from './api-client.ts';
import { table, type Output } from './output.ts';

export type CommandDeps = {
  readonly output: Output;
  readonly api: () => Promise<ApiClient>;
  /** Looks at every part; resolves whether all that is needed is well. */
  readonly doctor: () => Promise<boolean>;
  /** Ends the server and every service of this home. */
  readonly stop: () => Promise<void>;
  readonly sleep: (ms: number) => Promise<void>;
};

const listPage = pageOf('CliListPage', listView);
const campaignPage = pageOf('CliCampaignPage', campaignSummary);

const asNumber = (text: string): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('A number is needed.');
  return value;
};

const UUID = /^[0-9a-f-]{36}$/i;

/** Every item of a list that comes in pages. */
const everyPage = async <T>(
  client: ApiClient,
  path: string,
  page: z.ZodType<{ readonly items: readonly T[]; readonly nextCursor?: string | undefined }>,
): Promise<readonly T[]> => {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const next = await client.request('GET', path, page, { query: { limit: 200, cursor } });
    items.push(...next.items);
    cursor = next.nextCursor;
  } while (cursor !== undefined);
  return items;
};

/** Finds one thing by id or by its exact name. */
const findByName = <T>(
  what: string,
  items: readonly T[],
  wanted: string,
  idOf: (item: T) => string,
  nameOf: (item: T) => string,
): T => {
  const hits = items.filter((item) => idOf(item) === wanted || nameOf(item) === wanted);
  const [hit] = hits;
  if (hit === undefined) throw new AppError('notFound', `There is no ${what} “${wanted}”.`);
  if (hits.length > 1) throw new AppError('conflict', `Several ${what}s are named “${wanted}”: give the id.`);
  return hit;
};

/** The command line as commander knows it; parsing and exit codes are `main.ts`. */
export const createProgram = ({ output, api, doctor, stop, sleep }: CommandDeps): Command => {
  const program = new Command('qianhu')
    .description('Qianhu 千呼: the call centre from the command line')
    .option('--json', 'print results as JSON')
    .showHelpAfterError();

  program
    .command('doctor')
    .description('look at every part: found, version, healthy, how to mend it')
    .action(async () => {
      if (!(await doctor())) process.exitCode = 1;
    });
  program
    .command('stop')
    .description('end the server and every service of this home; calls in progress end')
    .action(stop);

  const users = program.command('user').description('people who may log in');
  users
    .command('add')
    .argument('<login>')
    .option('--name <name>', 'name shown to others')
    .addOption(new Option('--role <role>', 'what the person may do').choices(ROLES).default('agent'))
    .description('add a person; the made password is printed once')
    .action(async (login: string, options: { name?: string; role: string }) => {
      const body = { login, displayName: options.name ?? login, role: options.role };
      const made = await (await api()).request('POST', '/users', createdUser, { body });
      output.result(
        made,
        `Added ${made.user.login} (${made.user.role}).\nPassword (shown once): ${made.password ?? ''}`,
      );
    });

  const trunks = program.command('trunk').description('lines to carriers');
  const allTrunks = async (client: ApiClient) => (await client.request('GET', '/trunks', trunkList)).items;
  trunks
    .command('list')
    .description('all trunks with their state')
    .action(async () => {
      const items = await allTrunks(await api());
      const rows = items.map((one) => [
        one.name,
        `${one.settings.host}:${one.settings.port}`,
        one.isEnabled ? (one.state?.reachable ?? '-') : 'off',
        one.state?.registration ?? '-',
        one.isDemo ? 'demo' : '',
      ]);
      output.result(items, table([['NAME', 'HOST', 'REACHABLE', 'REGISTRATION', ''], ...rows]));
    });
  trunks
    .command('add')
    .argument('<name>')
    .requiredOption('--host <host>', 'the carrier’s host')
    .option('--port <port>', 'the carrier’s port', asNumber, 5060)
    .addOption(new Option('--transport <transport>').choices(['udp', 'tcp', 'tls']).default('udp'))
    .option('--unchecked-certificate', 'over TLS: take any certificate (not safe)')
    .option('--srtp', 'the voice is encrypted (SDES); meant for TLS')
    .option('--user <user>', 'account; without it the carrier knows us by our address')
    .option(
      '--password <password>',
      'password; better by the variable QIANHU_TRUNK_PASSWORD of the shell: --password "$QIANHU_TRUNK_PASSWORD"',
    )
    .option('--register', 'register the account')
    .option('--country <country>', 'home country', 'CN')
    .option('--area-code <code>', 'home area code without 0')
    .option('--max-concurrent <n>', 'calls at once', asNumber, 30)
    .option('--new-per-second <n>', 'new calls per second', asNumber, 2)
    .option('--settings <json>', 'further settings as JSON (see the API page)')
    .description('add a trunk')
    .action(async (name: string, options: TrunkOptions) => {
      const auth =
        options.user === undefined
          ? { kind: 'ip' }
          : { kind: options.register === true ? 'registration' : 'digest', username: options.user };
      const body = createTrunkBody.parse({
        name,
        ...(options.password === undefined ? {} : { password: options.password }),
        settings: {
          host: options.host,
          port: options.port,
          transport: options.transport,
          ...(options.srtp === true ? { media: 'srtp' } : {}),
          ...(options.uncheckedCertificate === true ? { certificate: 'unchecked' } : {}),
          auth,
          home: { country: options.country, ...(options.areaCode === undefined ? {} : { areaCode: options.areaCode }) },
          limits: {
            maxConcurrent: options.maxConcurrent,
            newCalls: { perSecond: options.newPerSecond, burst: Math.max(1, Math.ceil(options.newPerSecond)) },
          },
          ...(options.settings === undefined ? {} : parseJson(options.settings)),
        },
      });
      const made = await (await api()).request('POST', '/trunks', trunk, { body });
      output.result(made, `Added the trunk ${made.name} (${made.trunkId}).`);
    });
  trunks
    .command('test')
    .argument('<number>', 'international, for example +8613800138000')
    .option('--trunk <name>', 'which trunk, where there are several')
    .option('--ring-sec <seconds>', 'how long it may ring', asNumber, 30)
    .description('make one call; show the SIP trace, the cause and what to mend')
    .action(async (number: string, options: { trunk?: string; ringSec: number }) => {
      const client = await api();
      const items = await allTrunks(client);
      const [only] = items;
      if (only === undefined) throw new AppError('notFound', 'There is no trunk yet: qianhu trunk add.');
      if (options.trunk === undefined && items.length > 1)
        throw new AppError('invalid', `Which trunk? --trunk ${items.map((one) => `"${one.name}"`).join(' or ')}`);
      const one =
        options.trunk === undefined
          ? only
          : findByName(
              'trunk',
              items,
              options.trunk,
              (t) => t.trunkId,
              (t) => t.name,
            );
      output.note(`Calling ${number} through ${one.name} …`);
      const result = await client.request('POST', `/trunks/${one.trunkId}/test`, trunkTestResult, {
        body: { number, ringTimeoutMs: options.ringSec * 1000 },
      });
      const trace = result.trace
        .map(
          (message) =>
            `${new Date(message.atMs).toISOString()} ${message.direction === 'sent' ? '→' : '←'}\n${message.text.trimEnd()}\n`,
        )
        .join('\n');
      output.result(
        result,
        `${trace}\n${result.outcome}: ${result.text}` +
          `${result.sipStatus === undefined ? '' : `\nSIP status ${result.sipStatus}`}${result.cause === undefined ? '' : `, Q.850 cause ${result.cause}`}` +
          `\nWhat to mend: ${result.advice}`,
      );
      if (result.outcome !== 'answered') process.exitCode = 1;
    });

  const lists = program.command('list').description('lists of leads');
  const findList = async (client: ApiClient, wanted: string) =>
    findByName(
      'list',
      await everyPage(client, '/lists', listPage),
      wanted,
      (list) => list.listId,
      (list) => list.name,
    );
  lists
    .command('import')
    .argument('<file>', 'CSV or XLSX')
    .option('--list <name>', 'an existing list; without it a new one is made')
    .option('--name <name>', 'name of the new list; without it the file’s')
    .option('--region <region>', 'country of numbers without country code', 'CN')
    .option('--consent <evidence>', 'these people agreed to be called: how, when, and where the proof is')
    .option('--rejects <file>', 'write the rows handed back there')
    .description('import a file, with the columns as its head suggests')
    .action(async (file: string, options: ImportFileOptions) => {
      const client = await api();
      const form = new FormData();
      form.append('file', await openAsBlob(file), basename(file));
      const uploaded = uploadedImport.parse(await (await client.raw('POST', '/imports', { body: form })).json());
      if (uploaded.fault !== undefined) throw new AppError('invalid', uploaded.fault.message);
      const list =
        options.list === undefined
          ? await client.request('POST', '/lists', listView, {
              body: { name: options.name ?? basename(file), defaultRegion: options.region },
            })
          : await findList(client, options.list);
      const path = `/imports/${uploaded.import.importId}`;
      const start = {
        listId: list.listId,
        ...(options.consent === undefined ? {} : { consent: { evidence: options.consent } }),
      };
      let view = await client
        .request('POST', `${path}/start`, importView, { body: start })
        .catch(async (error: unknown) => {
          // A list that was made for this import alone would stay behind empty.
          if (options.list === undefined) await client.raw('DELETE', `/lists/${list.listId}`);
          throw error;
        });
      while (view.state === 'running') {
        await sleep(500);
        view = await client.request('GET', path, importView);
        output.note(`${view.rowsRead} rows read`);
      }
      if (view.hasRejects && options.rejects !== undefined) {
        const answer = await client.raw('GET', `${path}/rejects.csv`);
        await download(answer, createWriteStream(options.rejects));
      }
      if (view.state !== 'done')
        throw new AppError('invalid', view.error?.message ?? `The import ended as ${view.state}.`);
      output.result(
        { listId: list.listId, import: view },
        `Imported ${view.rowsImported} leads into ${list.name}; ${view.rowsRejected} rows handed back, ${view.rowsDuplicate} duplicates.`,
      );
    });

  const campaigns = program.command('campaign').description('campaigns');
  const findCampaign = async (client: ApiClient, wanted: string) => {
    if (UUID.test(wanted)) return client.request('GET', `/campaigns/${wanted}`, campaign);
    const hit = findByName(
      'campaign',
      await everyPage(client, '/campaigns', campaignPage),
      wanted,
      (one) => one.campaignId,
      (one) => one.name,
    );
    return client.request('GET', `/campaigns/${hit.campaignId}`, campaign);
  };
  campaigns
    .command('create')
    .argument('<name>')
    .requiredOption('--list <name...>', 'lists to dial')
    .option('--trunk <name...>', 'trunks in order of preference; without it every enabled one that fits')
    .option('--caller-id <number...>', 'numbers to show')
    .option('--ratio <lines>', 'lines per free agent; without it progressive', asNumber)
    .option('--predictive <percent>', 'as many lines as keep dropped calls within this share of people', asNumber)
    .option('--settings <json>', 'further settings as JSON (see the API page)')
    .description('make a campaign in draft and say what is wrong with it')
    .action(async (name: string, options: CampaignOptions) => {
      const client = await api();
      const chosen = await Promise.all(options.list.map((wanted) => findList(client, wanted)));
      const isDemo = chosen.some((list) => list.isDemo);
      const items = await allTrunks(client);
      const used =
        options.trunk === undefined
          ? items.filter((one) => one.isEnabled && one.isDemo === isDemo)
          : options.trunk.map((wanted) =>
              findByName(
                'trunk',
                items,
                wanted,
                (one) => one.trunkId,
                (one) => one.name,
              ),
            );
      const settings = {
        listIds: chosen.map((list) => list.listId),
        trunkIds: used.map((one) => one.trunkId),
        callerIds: options.callerId ?? [],
        ...(isDemo ? { rulePack: 'lab' } : {}),
        ...(options.ratio === undefined ? {} : { mode: { kind: 'ratio', linesPerAgent: options.ratio } }),
        ...(options.predictive === undefined
          ? {}
          : { mode: { kind: 'predictive', dropLimit: options.predictive / 100 } }),
        ...(options.settings === undefined ? {} : parseJson(options.settings)),
      };
      const made = await client.request('POST', '/campaigns', campaign, { body: { name, settings } });
      const checks = await client.request('GET', `/campaigns/${made.campaignId}/checks`, campaignChecks);
      const problems = checks.problems.map((one) => `  ${one.severity}: ${one.field}: ${one.message}`);
      output.result(
        { campaign: made, checks },
        [`Made the campaign ${made.name} (${made.campaignId}).`, ...problems].join('\n'),
      );
    });
  for (const command of ['start', 'pause', 'drain', 'stop'] as const)
    campaigns
      .command(command)
      .argument('<campaign>', 'name or id')
      .description(
        {
          start: 'start or resume',
          pause: 'no new dials',
          drain: 'no new dials; stopped after the last call',
          stop: 'stop; talks go on',
        }[command],
      )
      .action(async (wanted: string) => {
        const client = await api();
        const { campaignId } = await findCampaign(client, wanted);
        const after = await client.request('POST', `/campaigns/${campaignId}/commands/${command}`, campaign);
        output.result(after, `${after.name} is ${after.phase}.`);
      });
  campaigns
    .command('status')
    .argument('[campaign]', 'name or id; without it all')
    .description('what campaigns are doing')
    .action(async (wanted: string | undefined) => {
      const client = await api();
      if (wanted === undefined) {
        const items = await everyPage(client, '/campaigns', campaignPage);
        const rows = items.map((one) => [
          one.name,
          one.phase,
          `${one.leads.done}/${one.leads.ready + one.leads.dialing + one.leads.done}`,
          String(one.attempts),
          String(one.answered),
        ]);
        output.result(items, table([['NAME', 'PHASE', 'LEADS DONE', 'ATTEMPTS', 'ANSWERED'], ...rows]));
        return;
      }
      const one = await findCampaign(client, wanted);
      const live = one.live;
      const lines = [
        `${one.name}: ${one.phase}`,
        ...(live === undefined
          ? []
          : [
              `leads    ready ${live.leads.ready}, dialing ${live.leads.dialing}, done ${live.leads.done}`,
              `calls    dialing ${live.calls.dialing}, ringing ${live.calls.ringing}, waiting ${live.calls.waiting}, talking ${live.calls.talking}`,
              `outcomes ${Object.entries(live.outcomes)
                .map(([outcome, n]) => `${outcome} ${n}`)
                .join(', ')}`,
              ...(live.limitedBy === undefined ? [] : [`why not more lines: ${live.limitedBy}`]),
            ]),
      ];
      output.result(one, lines.join('\n'));
    });

  program
    .command('attempts')
    .description('attempts')
    .command('export')
    .option('--campaign <name>', 'only of this campaign')
    .option('--outcome <outcome>', 'only with this outcome')
    .option('--out <file>', 'write there; without it to standard output')
    .description('attempts as CSV, oldest first')
    .action(async (options: { campaign?: string; outcome?: string; out?: string }) => {
      const client = await api();
      const campaignId =
        options.campaign === undefined ? undefined : (await findCampaign(client, options.campaign)).campaignId;
      const answer = await client.raw('GET', '/attempts/export.csv', {
        query: { campaignId, outcome: options.outcome },
      });
      await download(answer, options.out === undefined ? process.stdout : createWriteStream(options.out));
      if (options.out !== undefined) output.result({ file: options.out }, `Written to ${options.out}.`);
    });
  return program;
};

type ImportFileOptions = {
  readonly list?: string;
  readonly name?: string;
  readonly region: string;
  readonly consent?: string;
  readonly rejects?: string;
};

type TrunkOptions = {
  readonly srtp?: true;
  readonly uncheckedCertificate?: true;
  readonly host: string;
  readonly port: number;
  readonly transport: string;
  readonly user?: string;
  readonly password?: string;
  readonly register?: boolean;
  readonly country: string;
  readonly areaCode?: string;
  readonly maxConcurrent: number;
  readonly newPerSecond: number;
  readonly settings?: string;
};

type CampaignOptions = {
  readonly list: readonly string[];
  readonly trunk?: readonly string[];
  readonly callerId?: readonly string[];
  readonly ratio?: number;
  readonly predictive?: number;
  readonly settings?: string;
};

const parseJson = (text: string): Record<string, unknown> => {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('invalid', 'The settings are not a JSON object.', { cause: error });
  }
};

const download = async (answer: Response, to: NodeJS.WritableStream): Promise<void> => {
  if (answer.body === null) return;
  await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), to, {
    end: to !== process.stdout,
  });
};
