export { PartsError } from './parts-error.ts';
export type { PartsErrorCode } from './parts-error.ts';
export type { OnProgress, Progress } from './progress.ts';
export { prepareHome, resolveHome } from './home.ts';
export type { HomeFolders, HomeInput } from './home.ts';
export { ensureServiceAccount, isRoot, makeReachableFolder, makeServiceFolder } from './service-account.ts';
export type { RunAs } from './service-account.ts';
export { isPortFree, openPortBook } from './ports.ts';
export type { PortBook, PortProtocol, PortRange } from './ports.ts';
export { isAlive } from './process/process-identity.ts';
export type { ProcessIdentity } from './process/process-identity.ts';
export { adoptDetached, serviceEnvironment, startDetached, stopProcess } from './process/detached-process.ts';
export type { DetachedSpec, StopStep } from './process/detached-process.ts';
export { rotateLog } from './process/log-file.ts';
export { ensureSecretFile, randomSecret, writeFileAtomically } from './private-file.ts';
export { ensureAsterisk, findAsterisk } from './private-asterisk/ensure-asterisk.ts';
export type { AsteriskProgram, EnsureAsteriskOptions } from './private-asterisk/ensure-asterisk.ts';
export { asteriskPaths } from './private-asterisk/asterisk-spec.ts';
export type { AsteriskPaths, AsteriskSpec, PublicNetwork, SipTransport } from './private-asterisk/asterisk-spec.ts';
export { writeAsteriskConfig } from './private-asterisk/write-config.ts';
export {
  asteriskCommand,
  ensureAriPassword,
  findRunningAsterisk,
  pingAri,
  rotateAsteriskLogs,
  startAsterisk,
  stopAsterisk,
} from './private-asterisk/start-asterisk.ts';
export type { RunningAsterisk, StartOptions, StopAsteriskOptions } from './private-asterisk/start-asterisk.ts';
export { celFiles, parseCelLine, readCelEvents, rotateCel } from './private-asterisk/cel.ts';
export type { CelEvent, CelEventKind } from './private-asterisk/cel.ts';
export { ensurePostgres, findPostgres } from './postgres/postgres-binaries.ts';
export type { EnsurePostgresOptions, PostgresProgram } from './postgres/postgres-binaries.ts';
export { findRunningPostgres, rotatePostgresLog, startPostgres, stopPostgres } from './postgres/start-postgres.ts';
export type { PostgresSpec, RunningPostgres } from './postgres/start-postgres.ts';
export { watchService } from './process/service-watcher.ts';
export type {
  ServiceState,
  ServiceStatus,
  ServiceWatcher,
  WatchOptions,
  WatchTimers,
  WatchedService,
} from './process/service-watcher.ts';
export { ensureDebianPackages, findUnpackedPart } from './debian/debian-packages.ts';
export type { DebianPackagesSpec, UnpackedPart } from './debian/debian-packages.ts';
export type { Suite } from './debian/apt-session.ts';
export { ensureChromium, findChromium } from './programs/chromium.ts';
export { ensureSipp, findSipp } from './programs/sipp.ts';
export { ensureEspeak } from './programs/espeak.ts';
export { ensureFonts } from './programs/fonts.ts';
export type { EnsureProgramOptions, Program } from './programs/program.ts';
export { diagnose } from './doctor.ts';
export type { DiagnoseOptions, Diagnosis } from './doctor.ts';
