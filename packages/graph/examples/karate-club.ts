/** The smallest whole story: a graph in, predictions and attention back onto it, a picture out. */
import { drawEmbeddings, drawGraph, karateClub, LinkPredictor, matrix, NodeClassifier, readGraph } from '@heed/graph';
import { defineExample, progressBar } from '@heed/node';
import { openFolder } from '@heed/training';

export default defineExample({
  summary: "Zachary's karate club: from two labelled members to all 34, with a picture of what was attended to.",
  minutes: { tensorflow: 0.2, wasm: 0.3 },
  options: {
    member: { type: 'number', description: 'whose prediction is explained', default: 8 },
    seed: { type: 'number', description: 'seed of weights and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, folder, print }) => {
    const club = karateClub();
    const { data, nodeKeys } = readGraph(club);
    const { member, seed } = options;

    const classifier = new NodeClassifier({ heads: 4, featureDropout: 0.2, attentionDropout: 0.2, seed });
    const { reason } = await classifier.fit(club, {
      epochs: quick ? 20 : 100,
      learningRate: 0.02,
      checkpoints: `${folder}/checkpoints/members-${seed}`,
      signal,
      onEvent: progressBar({ label: 'members' }),
    });
    if (reason === 'aborted') return;
    const { accuracy } = await classifier.evaluate(club);
    print(`${Math.round(32 * accuracy)} of the 32 members without a label are on the side that they took`);

    const { classes, attention } = await classifier.annotate(club);
    const { predicted, probability } = await classifier.explain(club, member);
    const side = data.classNames[predicted];
    print(`member ${member}: ${side} (${(100 * probability).toFixed(0)} %); the friendships that matter most:`);
    const friendships = club.mapEdges((_, { deletion }, one, other) => ({ one, other, deletion: deletion as number }));
    for (const { one, other, deletion } of friendships.sort((a, b) => b.deletion - a.deletion).slice(0, 3)) {
      print(`  ${one}–${other}: without it ${(100 * (probability - deletion)).toFixed(0)} %`);
    }

    const predictor = new LinkPredictor({ embeddingWidth: 8, featureDropout: 0, attentionDropout: 0, seed });
    const links = await predictor.fit(club, {
      epochs: quick ? 20 : 100,
      checkpoints: `${folder}/checkpoints/links-${seed}`,
      signal,
      onEvent: progressBar({ label: 'friendships' }),
    });
    if (links.reason === 'aborted') return;
    const rows = await predictor.embed(club);
    const embeddings = matrix(nodeKeys.map((_, node) => rows.subarray(8 * node, 8 * node + 8)));

    const pictures = {
      'attention.svg': drawGraph(data, data.nodes, { weights: attention, classes, labels: nodeKeys, marked: member }),
      'embeddings.svg': drawEmbeddings(embeddings, { classes: data.labels, classNames: data.classNames }),
    };
    for (const [name, picture] of Object.entries(pictures)) {
      await openFolder(folder).write(name, new TextEncoder().encode(picture));
      print(`${folder}/${name}`);
    }
    classifier.dispose();
    predictor.dispose();
  },
});
