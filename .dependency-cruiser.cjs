// The walls of the house (docs/architecture.md, section 3).
const room = (name) => `^packages/${name}/`;
const wall = (from, allowed) => ({
  name: `${from}-walls`,
  comment: `${from} may import only: ${allowed.join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: room(from) + 'src', pathNot: '[.](test|db[.]test|sim[.]test|contract)[.]tsx?$' },
  to: { path: '^packages/', pathNot: [room(from), ...allowed.map(room)] },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    wall('core', []),
    { name: 'core-no-dependency', severity: 'error', from: { path: room('core') + 'src', pathNot: '[.]test[.]ts$' }, to: { dependencyTypes: ['npm', 'core'] } },
    wall('contracts', ['core']),
    wall('parts', []),
    wall('switch', ['core', 'parts']),
    wall('server', ['core', 'contracts', 'switch', 'parts']),
    wall('lab', ['core', 'contracts', 'switch', 'parts']),
    wall('web', ['core', 'contracts']),
    {
      name: 'adapters-never-meet',
      comment: 'Switch adapters share only the port.',
      severity: 'error',
      from: { path: '^packages/switch/src/(asterisk|virtual)/' },
      to: { path: '^packages/switch/src/(asterisk|virtual)/', pathNot: '^packages/switch/src/$1/' },
    },
    {
      name: 'features-meet-by-read-model',
      comment: 'A feature reaches another only through its read model or service type.',
      severity: 'error',
      from: { path: '^packages/server/src/features/([^/]+)/', pathNot: '/create-' },
      to: { path: '^packages/server/src/features/([^/]+)/', pathNot: ['^packages/server/src/features/$1/', '-(read-model|service)[.]ts$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
