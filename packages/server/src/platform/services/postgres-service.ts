import {
  ensurePostgres,
  findRunningPostgres,
  openPortBook,
  startPostgres,
  type HomeFolders,
  type OnProgress,
  type RunningPostgres,
} from '@qianhu/parts';

/** Starts (or adopts) the embedded PostgreSQL of a home. */
export const startEmbeddedPostgres = async (
  folders: HomeFolders,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<RunningPostgres> => {
  const ports = openPortBook(folders.home);
  const inUseByUs = (await findRunningPostgres(folders.postgresDir)) !== undefined;
  return startPostgres(
    {
      dir: folders.postgresDir,
      program: await ensurePostgres({ partsDir: folders.partsDir, onProgress }),
      port: await ports.port('postgres', { inUseByUs }),
    },
    { signal },
  );
};
