import type { DefaultTheme } from 'vitepress';

type Language = 'en' | 'zh';

/** The course, in order: file name, English title, Chinese title. */
export const LESSONS = [
  ['what-attention-is', 'What attention is', '什么是注意力'],
  ['nadaraya-watson', 'Averages that look: Nadaraya–Watson', '会看的平均：Nadaraya–Watson'],
  ['scores', 'Scores', '打分函数'],
  ['encoder-decoder', 'Encoder and decoder', '编码器与解码器'],
  ['soft-and-hard', 'Soft and hard', '软注意力与硬注意力'],
  ['self-attention', 'Self-attention', '自注意力'],
  ['multi-head', 'Several heads', '多头注意力'],
  ['positions', 'Positions', '位置编码'],
  ['transformer', 'The Transformer', 'Transformer'],
] as const;

const GUIDES = [
  ['install', 'Install'],
  ['hugging-face', 'Hugging Face weights, in and out'],
  ['letters-to-sounds', 'Letters to sounds'],
  ['masks', 'Mask workshop'],
  ['more-machines', 'More than one machine'],
  ['contribute', 'Contribute'],
] as const;

export const PACKAGES = [
  'attention-core',
  'training',
  'tasks',
  'tensorflow',
  'node',
  'nlp',
  'graph',
  'recsys',
  'rl',
  'speech',
  'timeseries',
  'vision',
] as const;

export function navigation(language: Language): DefaultTheme.NavItem[] {
  return language === 'en'
    ? [
        { text: 'Course', link: '/start/what-attention-is' },
        { text: 'Explorer', link: '/explorer' },
        { text: 'Guides', link: '/guides/install' },
        { text: 'Results', link: '/results' },
        { text: 'API', link: '/api/' },
      ]
    : [
        { text: '教程', link: '/zh/start/what-attention-is' },
        { text: '探索器', link: '/explorer' },
        { text: '指南', link: '/guides/install' },
        { text: '结果', link: '/results' },
        { text: 'API', link: '/api/' },
      ];
}

export function sidebar(language: Language): DefaultTheme.Sidebar {
  const course = LESSONS.map(([name, english, chinese], i) => ({
    text: `${i + 1}. ${language === 'en' ? english : chinese}`,
    link: language === 'en' ? `/start/${name}` : `/zh/start/${name}`,
  }));
  if (language === 'zh') return { '/zh/': [{ text: '教程', items: course }] };
  const manual = [
    { text: 'Course', items: course },
    {
      text: 'Tools and guides',
      items: [
        { text: 'Attention explorer', link: '/explorer' },
        ...GUIDES.map(([name, text]) => ({ text, link: `/guides/${name}` })),
      ],
    },
    { text: 'Measured', items: [{ text: 'Results', link: '/results' }] },
    { text: 'API', items: PACKAGES.map((name) => ({ text: `@heed/${name}`, link: `/api/${name}` })) },
  ];
  return { '/': manual };
}
