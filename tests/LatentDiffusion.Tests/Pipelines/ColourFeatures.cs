using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Pipelines;

/// <summary>A network whose features anyone can compute: the mean of each channel.</summary>
internal sealed class ColourFeatures : IFeatureNetwork
{
    public string Name => "colours";

    public IReadOnlyList<int> StageChannels => [3];

    public int EmbeddingSize => 3;

    public IReadOnlyList<Tensor> Stages(Tensor images) => [images.alias()];

    public Tensor Embed(Tensor images) => images.mean([2, 3]);

    public void Dispose() { }
}
