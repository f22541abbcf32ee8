import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../errors.ts';

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

/**
 * The certificate of *network* mode when none is given: made once by the machine's openssl and kept in the home. Browsers
 * ask before they trust it; the microphone works once they do.
 */
export const ensureCertificate = async (home: string, address: string): Promise<CertificateFiles> => {
  const files = { certFile: join(home, 'tls-cert.pem'), keyFile: join(home, 'tls-key.pem') };
  if (existsSync(files.certFile) && existsSync(files.keyFile)) return files;
  try {
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '825',
      '-subj',
      '/CN=Qianhu',
      '-addext',
      `subjectAltName=IP:${address},DNS:localhost,IP:127.0.0.1`,
      '-keyout',
      files.keyFile,
      '-out',
      files.certFile,
    ]);
  } catch (error) {
    throw new AppError(
      'unavailable',
      'No certificate could be made: the openssl command is missing or failed. Install it (apt-get install openssl), or give TLS_CERT and TLS_KEY.',
      { cause: error },
    );
  }
  await chmod(files.keyFile, 0o600);
  return files;
};
