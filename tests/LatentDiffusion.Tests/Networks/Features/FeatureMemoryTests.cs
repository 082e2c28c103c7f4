using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Features;

[Collection(nameof(ProcessWideState))]
public sealed class FeatureMemoryTests
{
    public static TheoryData<string> Networks => ["alexnet", "squeezenet", "darknet-tiny"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_disposed_distance_leaves_nothing_to_the_garbage_collector(string name) =>
        LiveTensors.NoneLeftToFinalizers(() => Create(name).Dispose());

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_measurement_frees_all_but_its_result(string name)
    {
        using var distance = Create(name);
        using var first = FormulaInput.X([1, 3, 32, 32], 0.011);
        using var second = FormulaInput.X([1, 3, 32, 32], 0.017);
        LiveTensors.Unchanged(() =>
        {
            using var noGradient = torch.no_grad();
            using var result = distance.Between(first, second);
            using var vector = distance.Network.Embed(first);
        });
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_training_step_frees_everything(string name)
    {
        using var distance = Create(name);
        using var first = FormulaInput.X([1, 3, 32, 32], 0.011);
        using var second = FormulaInput.X([1, 3, 32, 32], 0.017);
        LiveTensors.Unchanged(() =>
        {
            using var scope = torch.NewDisposeScope();
            var reconstruction = first.clone().requires_grad_();
            distance.Between(reconstruction, second).mean().backward();
            Assert.NotNull(reconstruction.grad);
        });
    }

    private static PerceptualDistance Create(string name)
    {
        var network = FeatureNetworkSamples.Create(name);
        return new PerceptualDistance(network, new PerceptualHeads(network.StageChannels));
    }
}
