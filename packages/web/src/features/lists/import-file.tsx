import { uploadedImport, type ImportView } from '@qianhu/contracts';
import { Button, Progress } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { ErrorState } from '../../ui/states.tsx';
import './import.css';

type Upload =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly ratio: number; readonly name: string }
  | { readonly kind: 'failed'; readonly error: unknown; readonly file: File };

/** First step: a file is dropped or chosen, and sent. */
export const ImportFile = ({ onUploaded }: { readonly onUploaded: (view: ImportView) => void }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const [upload, setUpload] = useState<Upload>({ kind: 'idle' });
  const [isOver, setOver] = useState(false);
  const [hasWrongType, setWrongType] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController>(null);

  const send = async (file: File): Promise<void> => {
    if (!/\.(csv|txt|tsv|xlsx)$/i.test(file.name)) {
      setWrongType(true);
      return;
    }
    setWrongType(false);
    const controller = new AbortController();
    abort.current = controller;
    setUpload({ kind: 'sending', ratio: 0, name: file.name });
    try {
      const uploaded = await api.upload('/imports', file, uploadedImport, {
        signal: controller.signal,
        onProgress: (ratio) => setUpload({ kind: 'sending', ratio, name: file.name }),
      });
      onUploaded(uploaded.import);
    } catch (error) {
      setUpload(controller.signal.aborted ? { kind: 'idle' } : { kind: 'failed', error, file });
    }
  };
  const take = (files: FileList | null): void => {
    const file = files?.[0];
    if (file !== undefined) void send(file);
  };

  if (upload.kind === 'failed') return <ErrorState error={upload.error} onRetry={() => void send(upload.file)} />;
  if (upload.kind === 'sending')
    return (
      <div className="q-card">
        <div className="q-row q-row--between">
          <span>{upload.name}</span>
          <Button onClick={() => abort.current?.abort()}>{t('action.cancel')}</Button>
        </div>
        <Progress percent={Math.round(upload.ratio * 100)} aria-label={upload.name} />
      </div>
    );
  return (
    <>
      <button
        type="button"
        className={`drop${isOver ? ' drop--over' : ''}`}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files);
        }}
      >
        <svg viewBox="0 0 48 48" aria-hidden>
          <path d="M24 31V13m-8 8 8-8 8 8M10 31v6h28v-6" />
        </svg>
        <strong>{t('importer.drop')}</strong>
        <span className="q-soft">{t('importer.dropHint')}</span>
      </button>
      <input
        ref={input}
        type="file"
        accept=".csv,.txt,.tsv,.xlsx"
        hidden
        aria-label={t('importer.choose')}
        onChange={(event) => {
          take(event.target.files);
          event.target.value = '';
        }}
      />
      {hasWrongType && (
        <p className="import-fault" role="alert">
          {t('importer.wrongType')}
        </p>
      )}
    </>
  );
};
