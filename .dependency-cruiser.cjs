/** Import rules inside packages; rules between packages are turbo's (turbo.json, tags). */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'models-and-datasets-apart',
      comment: 'A model never imports a dataset, nor a dataset a model.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/(models|datasets)/' },
      to: { path: '^packages/$1/src/(models|datasets)/', pathNot: '^packages/$1/src/$2/' },
    },
    {
      name: 'browser-safe-sources',
      comment: 'The sources of core, training, tasks, domains and apps run in browsers.',
      severity: 'error',
      from: {
        path: '^(packages/(?!node/|tensorflow/)|apps/)[^/]+/src/',
        pathNot: '\\.(test|test-d|test-support)\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-node-package-in-sources',
      comment: 'Only examples, benchmarks and tooling import @heed/node.',
      severity: 'error',
      from: { path: '^(packages/(?!node/)|apps/)[^/]+/src/' },
      to: { path: '^packages/node/' },
    },
    {
      name: 'examples-import-packages',
      comment: 'Examples import by package name, as a user would.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/(examples|benchmarks)/' },
      to: { path: '^packages/$1/src/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'packages-by-name',
      comment: 'No relative path leaves its package or app.',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules|[.]site)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      conditionNames: ['@heed/source', 'import', 'types', 'default'],
      exportsFields: ['exports'],
    },
  },
};
