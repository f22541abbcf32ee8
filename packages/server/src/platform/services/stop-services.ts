import { ensureAsterisk, findAsterisk, stopAsterisk, stopPostgres, type HomeFolders } from '@qianhu/parts';
import type { Config } from '../../config.ts';
import { stopLabProcess } from './lab-service.ts';

/** Services that a home runs beside the server, in the order in which they are stopped. */
export type HomeService = 'lab' | 'asterisk' | 'postgres';

/**
 * Stops the services of this home that run; calls in progress end. What the configuration names by address (`ASTERISK_URL`,
 * `DATABASE_URL`) is somebody else's and left alone. Resolves with those that were looked after.
 */
export const stopServices = async (
  config: Config,
  folders: HomeFolders,
  announce: (service: HomeService) => void,
): Promise<readonly HomeService[]> => {
  const stopped: HomeService[] = [];
  if (await stopLabProcess(folders)) stopped.push('lab');
  if (config.asterisk === undefined && (await findAsterisk({ partsDir: folders.partsDir })) !== undefined) {
    announce('asterisk');
    const program = await ensureAsterisk({ partsDir: folders.partsDir });
    await stopAsterisk({ name: 'main', dir: folders.asteriskDir('main'), program });
    stopped.push('asterisk');
  }
  if (config.databaseUrl === undefined) {
    announce('postgres');
    await stopPostgres({ dir: folders.postgresDir });
    stopped.push('postgres');
  }
  return stopped;
};
