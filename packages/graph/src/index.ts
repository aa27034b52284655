export { cora, readPlanetoid, type CitationGraph } from './datasets/planetoid/planetoid.ts';
export { requireUndirected, undirected, withSelfLoops } from './graph/edge-lists.ts';
export {
  checkGraph,
  joinColumns,
  matrix,
  normaliseRows,
  type EdgeList,
  type GraphData,
  type LabelledGraph,
  type Matrix,
  type NodeSplit,
} from './graph/graph-data.ts';
export { isGraphology, readGraph, type ReadGraph, type ReadGraphOptions } from './graph/graphology-graph.ts';
export { disposeEdges, edgeTensors, type EdgeTensorOptions, type EdgeTensors } from './layers/edge-tensors.ts';
export { GatLayer, type EdgeAttentionConfig, type EdgeLayerInputs } from './layers/gat-layer.ts';
export { GatV2Layer, type GatV2LayerConfig } from './layers/gatv2-layer.ts';
export { disposeFeatures, nodeFeatures, type NodeFeatures, type SparseRows } from './layers/node-features.ts';
export { createGat, Gat, type GatConfig } from './models/gat/gat.ts';
export { gatForCitations } from './models/gat/gat.presets.ts';
export { createGatV2, GatV2, type GatV2Config } from './models/gatv2/gatv2.ts';
export { gatV2ForCitations } from './models/gatv2/gatv2.presets.ts';
export { createMlp, Mlp, type MlpConfig } from './models/mlp/mlp.ts';
export { NodeClassifier } from './tasks/node-classifier/node-classifier.ts';
export type {
  NodeClassifierConfig,
  NodeClassifierOptions,
  NodeFitOptions,
  NodeMeasures,
  NodePredictions,
  NodePredictOptions,
} from './tasks/node-classifier/node-classifier-config.ts';
export type { NodeData } from './tasks/node-classifier/node-data.ts';
export type { EdgeExplanation } from './tasks/node-classifier/explain-node.ts';
export {
  createNodeModel,
  type EdgeAttentionArchitecture,
  type MlpArchitecture,
  type NodeArchitecture,
  type NodeArchitectureOptions,
  type NodeModelWidths,
  type TransformerArchitecture,
} from './tasks/node-architecture.ts';
export { GraphModel, type GraphModelConfig, type NodeModel } from './models/graph-model/graph-model.ts';
export { karateClub, karateClubCard } from './datasets/karate-club/karate-club.ts';
export {
  dictionaryLookup,
  type DictionaryLookup,
  type DictionaryLookupOptions,
} from './datasets/dictionary-lookup/dictionary-lookup.ts';
export { batchGraphs, type GraphBatch } from './graph/batch-graphs.ts';
export { TransformerLayer, type TransformerLayerConfig } from './layers/transformer-layer.ts';
export { HanLayer, type HanLayerConfig, type HanOutput, type Relation } from './layers/han-layer.ts';
export { GlobalAttentionPooling, type GlobalAttentionPoolingConfig } from './layers/global-attention-pooling.ts';
export { denseEdgeAttention, edgeCounts } from './layers/dense-edges.ts';
export { laplacianPositions } from './positions/laplacian.ts';
export { randomWalkPositions } from './positions/random-walk.ts';
export { createHan, Han, type HanConfig, type HanPrediction } from './models/han/han.ts';
export {
  createGraphTransformer,
  GraphTransformer,
  type GraphTransformerConfig,
} from './models/graph-transformer/graph-transformer.ts';
export { graphTransformerForMolecules } from './models/graph-transformer/graph-transformer.presets.ts';
export { indexNeighbours, type NeighbourIndex } from './sampling/neighbour-index.ts';
export { neighbourhoodBatch, neighbourhoodEdges, type NeighbourhoodBatch } from './sampling/neighbourhood-batch.ts';
export { padNeighbourhood, type PaddedNeighbourhood } from './sampling/pad-neighbourhood.ts';
export { sampleNeighbours, type SampledLayer, type SampledNeighbourhood } from './sampling/sample-neighbours.ts';
export { LinkPredictor } from './tasks/link-predictor/link-predictor.ts';
export type {
  LinkData,
  LinkFitOptions,
  LinkMeasures,
  LinkPredictOptions,
  LinkPredictorConfig,
  LinkPredictorOptions,
} from './tasks/link-predictor/link-predictor-config.ts';
export { splitEdges, type EdgeSplit, type LinkPairs, type SplitEdgesOptions } from './graph/split-edges.ts';

export { GraphClassifier } from './tasks/graph-classifier/graph-classifier.ts';
export type {
  GraphClassifierConfig,
  GraphClassifierOptions,
  GraphMeasures,
  GraphPrediction,
  GraphPredictOptions,
  GraphsData,
} from './tasks/graph-classifier/graph-classifier-config.ts';
export { gdsCora, gdsCoraClasses, readGdsCora } from './datasets/gds-cora/gds-cora.ts';
export { inducedSubgraph, splitNodes, type SplitNodesOptions } from './graph/split-nodes.ts';
export { b3db, parseB3db, type Permeability } from './datasets/b3db/b3db.ts';
export { atomFeatures, atomLabels, bondFeatures, moleculeGraph } from './datasets/b3db/molecule-graph.ts';
export { drawEmbeddings, principalPlane, type DrawEmbeddingsOptions } from './pictures/draw-embeddings.ts';
export { drawGraph, layOutGraph, type DrawGraphOptions, type NodePlaces } from './pictures/draw-graph.ts';
