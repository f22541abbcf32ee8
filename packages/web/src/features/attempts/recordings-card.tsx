import { DownloadOutlined } from '@ant-design/icons';
import { recordingRoutes, buildPath, type Recording } from '@qianhu/contracts';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { bytesText, clockText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { Player } from './player.tsx';

/** The recordings of an attempt: waveform, playing, keeping. */
export const RecordingsCard = ({ recordings }: { readonly recordings: readonly Recording[] }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { locale } = useLanguage();
  if (recordings.length === 0) return null;
  return (
    <section className="q-card">
      <h2>{t('attempt.recordings')}</h2>
      {recordings.map((recording) => {
        const path = buildPath(recordingRoutes.getRecordingAudio.path, { recordingId: recording.recordingId });
        if (recording.state !== 'done')
          return (
            <p key={recording.recordingId} className="q-soft">
              {recording.state === 'finishing' && recording.error !== undefined
                ? t('attempt.recordingStuck', { error: recording.error })
                : t(`attempt.recordingState.${recording.state}`, { error: recording.error ?? '' })}
            </p>
          );
        return (
          <div key={recording.recordingId}>
            {recording.error !== undefined && (
              <p className="q-small" style={{ color: 'var(--q-danger)' }}>
                {t('attempt.recordingCutShort', { error: recording.error })}
              </p>
            )}
            <Player src={api.href(path)} />
            <div className="q-row q-small q-faint" style={{ marginTop: 8 }}>
              {recording.durationMs !== undefined && <span className="q-num">{clockText(recording.durationMs)}</span>}
              {recording.bytes !== undefined && <span className="q-num">{bytesText(recording.bytes, locale)}</span>}
              {recording.sha256 !== undefined && (
                <span title={recording.sha256}>
                  {t('attempt.checksum')} <span className="q-mono">{recording.sha256.slice(0, 12)}…</span>
                </span>
              )}
              <span className="q-grow" />
              <Button size="small" icon={<DownloadOutlined />} href={api.href(path, { download: '1' })}>
                {t('action.download')}
              </Button>
            </div>
          </div>
        );
      })}
    </section>
  );
};
