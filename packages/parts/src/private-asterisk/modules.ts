/**
 * The modules that an instance loads, each with its needs before it. An explicit list: with autoload many modules decline for want of
 * their configuration file, and each one loaded is code that a stranger's packet may reach.
 */
export const ASTERISK_MODULES: readonly string[] = [
  // Timing, configuration objects, keys.
  ...['res_timing_timerfd', 'res_sorcery_config', 'res_sorcery_memory', 'res_sorcery_astdb', 'res_crypto'],
  // HTTP, WebSocket, ARI.
  ...[
    'res_http_websocket',
    'res_websocket_client',
    'res_stasis',
    'res_stasis_answer',
    'res_stasis_playback',
    'res_stasis_recording',
    'res_stasis_snoop',
    'app_stasis',
  ],
  ...[
    'res_ari_model',
    'res_ari',
    'res_ari_applications',
    'res_ari_asterisk',
    'res_ari_bridges',
    'res_ari_channels',
    'res_ari_endpoints',
    'res_ari_events',
  ],
  ...['res_ari_playbacks', 'res_ari_recordings'],
  // SIP. chan_pjsip needs res_pjsip_pubsub.
  ...[
    'res_pjproject',
    'res_pjsip',
    'res_pjsip_session',
    'res_pjsip_pubsub',
    'res_pjsip_sdp_rtp',
    'res_pjsip_nat',
    'res_pjsip_caller_id',
    'res_pjsip_dtmf_info',
  ],
  ...[
    'res_pjsip_rfc3326',
    'res_pjsip_header_funcs',
    'res_pjsip_diversion',
    'res_pjsip_acl',
    'res_pjsip_dlg_options',
    'res_pjsip_empty_info',
    'res_pjsip_logger',
  ],
  ...[
    'res_pjsip_path',
    'res_pjsip_authenticator_digest',
    'res_pjsip_outbound_authenticator_digest',
    'res_pjsip_outbound_registration',
  ],
  ...[
    'res_pjsip_endpoint_identifier_ip',
    'res_pjsip_endpoint_identifier_user',
    'res_pjsip_registrar',
    'res_pjsip_transport_websocket',
    'res_pjsip_t38',
    'chan_pjsip',
  ],
  // Media.
  ...['res_srtp', 'res_rtp_asterisk', 'chan_websocket', 'chan_bridge_media'],
  ...['bridge_simple', 'bridge_softmix', 'bridge_holding', 'bridge_native_rtp', 'bridge_builtin_features'],
  ...[
    'codec_alaw',
    'codec_ulaw',
    'codec_a_mu',
    'codec_g722',
    'codec_resample',
    'codec_opus_open_source',
    'res_format_attr_opus',
    'format_pcm',
    'format_wav',
    'format_sln',
  ],
  // Music, answering machines, recording, tones.
  ...[
    'res_musiconhold',
    'app_amd',
    'func_periodic_hook',
    'app_chanspy',
    'func_cut',
    'func_groupcount',
    'func_uri',
    'app_mixmonitor',
    'res_tonedetect',
    'func_talkdetect',
  ],
  // Channel event log to a file; in 22.10 cel_custom writes through res_cdrel_custom.
  ...['res_cdrel_custom', 'cel_custom'],
  // The small dialplan.
  ...[
    'pbx_config',
    'app_dial',
    'app_playback',
    'app_echo',
    'app_stack',
    'func_channel',
    'func_callerid',
    'func_hangupcause',
    'func_strings',
    'func_logic',
    'func_jitterbuffer',
  ],
];

/** Modules that stay in the trimmed tree but are not loaded by default; a spec may name them in `moreModules`. */
export const SPARE_MODULES: readonly string[] = [
  ...[
    'res_stasis_device_state',
    'res_ari_device_states',
    'res_ari_sounds',
    'chan_rtp',
    'res_rtp_multicast',
    'codec_gsm',
    'format_gsm',
    'res_pjsip_refer',
    'res_pjsip_mwi',
  ],
  ...[
    'res_pjsip_history',
    'app_playtones',
    'app_read',
    'app_senddtmf',
    'app_waitforsilence',
    'func_volume',
    'func_math',
    'func_timeout',
    'func_global',
    'res_security_log',
  ],
];
