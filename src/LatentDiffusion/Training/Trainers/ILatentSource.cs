using LatentDiffusion.Diffusion.Conditioning;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>A batch of encoded images.</summary>
/// <param name="Encoded">What the first stage's encoder says: [B, K, h, w].</param>
/// <param name="Inputs">Class and caption of each image.</param>
internal sealed record LatentBatch(Tensor Encoded, IReadOnlyList<ConditionInput> Inputs);

/// <summary>Gives diffusion training its batches, in the order of the data set's epochs.</summary>
internal interface ILatentSource : IDisposable
{
    /// <summary>The next batch; its tensor belongs to the current dispose scope.</summary>
    LatentBatch Next();
}
