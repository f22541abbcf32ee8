import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { AppError } from '../errors.ts';

/** Seals small secrets (trunk passwords) for storage: AES-256-GCM, 12-byte nonce, 16-byte tag; one leading version byte. */
export interface SecretBox {
  seal(text: string): Buffer;
  /** Throws `AppError` when the key is another one or the bytes were changed. */
  open(sealed: Buffer): string;
}

const VERSION = 1;

/** @param key 32 bytes. */
export const createSecretBox = (key: Buffer): SecretBox => ({
  seal: (text) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]);
  },
  open: (sealed) => {
    try {
      if (sealed[0] !== VERSION) throw new Error('unknown version');
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13));
      decipher.setAuthTag(sealed.subarray(13, 29));
      return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new AppError(
        'internal',
        'A stored secret cannot be opened: the key file of this home is not the one it was sealed with. Put the old secret-key file back, or write the trunk’s password anew.',
        { cause: error },
      );
    }
  },
});

/** Reads the key file, or makes it (mode 0600). Whoever has it and the database has the trunks' passwords. */
export const openSecretBox = async (keyFile: string): Promise<SecretBox> => {
  try {
    await writeFile(keyFile, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await chmod(keyFile, 0o600);
  const key = Buffer.from((await readFile(keyFile, 'utf8')).trim(), 'hex');
  if (key.length !== 32)
    throw new AppError('internal', `The key file ${keyFile} is damaged: it should hold 64 hexadecimal digits.`);
  return createSecretBox(key);
};
