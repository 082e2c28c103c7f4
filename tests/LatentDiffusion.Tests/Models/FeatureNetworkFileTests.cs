using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Models;

public sealed class FeatureNetworkFileTests : IDisposable
{
    private const string Perceptual = "loss.perceptual_loss.";
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["weights.safetensors"];

    public static TheoryData<string> Torchvision => ["vgg16", "alexnet", "squeezenet"];

    [Theory]
    [MemberData(nameof(Torchvision))]
    public void State_dicts_of_torchvision_load_without_their_classifier(string name)
    {
        using var network = Create(name);
        Write([.. TorchvisionTensors(network), KeyValuePair.Create("classifier.1.weight", torch.zeros(3, 4))]);

        using var loaded = FeatureNetworkFile.Load(FilePath);

        Assert.Equal(name, loaded.Name);
        AssertSame(network, (LpipsNetwork)loaded);
    }

    [Fact]
    public void A_checkpoint_of_the_reference_lends_its_network_and_heads()
    {
        using var distance = CreateDistance();
        Write([.. ModuleState.Of(distance, Perceptual), KeyValuePair.Create("encoder.conv_in.weight", torch.zeros(3))]);

        using var loaded = FeatureNetworkFile.LoadDistance(FilePath);

        Assert.True(loaded.HasHeads);
        AssertSame(distance, loaded);
    }

    [Fact]
    public void The_perceptual_part_of_a_checkpoint_loads_strictly()
    {
        using var distance = CreateDistance();
        Write(ModuleState.Of(distance, Perceptual));
        using var network = new SqueezeNetFeatures();
        using var loaded = new PerceptualDistance(network, new PerceptualHeads(network.StageChannels));

        using (var file = SafetensorsFile.Open(FilePath))
        {
            ModuleState.Load(file, ModuleState.Of(loaded, Perceptual), _ => true);
        }

        AssertSame(distance, loaded);
    }

    [Fact]
    public void Heads_come_from_a_file_of_their_own_or_not_at_all()
    {
        using var distance = CreateDistance();
        var heads = ModuleState.Of(distance).Where(t => t.Key.StartsWith("lin", StringComparison.Ordinal)).ToList();
        SafetensorsWriter.Write(_folder["heads.safetensors"], heads);
        Write(TorchvisionTensors((LpipsNetwork)distance.Network));

        using var weighed = FeatureNetworkFile.LoadDistance(FilePath, _folder["heads.safetensors"]);
        using var plain = FeatureNetworkFile.LoadDistance(FilePath);

        AssertSame(distance, weighed);
        Assert.False(plain.HasHeads);
    }

    [Theory]
    [InlineData("alex", "alexnet")]
    [InlineData("vgg", "vgg16")]
    [InlineData("squeeze", "squeezenet")]
    public void Published_heads_fit_their_network_and_weigh_nothing_negatively(string file, string name)
    {
        var path = SharedData.PathOf($"weights/lpips_{file}_v0.1.safetensors");
        using var network = Create(name);
        Write(TorchvisionTensors(network));

        using var distance = FeatureNetworkFile.LoadDistance(FilePath, path);

        Assert.True(distance.HasHeads);
        Assert.All(
            distance.state_dict().Where(t => t.Key.StartsWith("lin", StringComparison.Ordinal)),
            t => Assert.True(t.Value.min().item<float>() >= 0)
        );
    }

    [Fact]
    public void Batch_normalisation_of_Darknet_is_folded_into_its_convolutions()
    {
        var tensors = DarknetTensors();
        Write(tensors);
        using var network = FeatureNetworkFile.Load(FilePath);
        using var noGradient = torch.no_grad();
        var images = FormulaInput.X([1, 3, 16, 16], 0.011);

        var first = torch.nn.functional.max_pool2d(Block(1, images.mul(0.5).add(0.5)), 2, 2);
        var expected = Block(2, first);

        Assert.Equal("darknet-tiny", network.Name);
        TensorAssert.Close(network.Stages(images)[0], expected, 1e-4);

        torch.Tensor Block(int layer, torch.Tensor x)
        {
            torch.Tensor Norm(string part) => tensors[$"batch_normalization_{layer}.{part}"];
            var map = torch.nn.functional.conv2d(x, tensors[$"conv2d_{layer}.kernel"], padding: [1, 1]);
            var normalized = torch.nn.functional.batch_norm(
                map,
                Norm("moving_mean"),
                Norm("moving_variance"),
                Norm("gamma"),
                Norm("beta"),
                training: false,
                eps: 1e-3
            );
            return torch.nn.functional.leaky_relu(normalized, 0.1);
        }
    }

    [Fact]
    public void A_file_of_something_else_is_refused_with_what_is_understood()
    {
        Write([KeyValuePair.Create("features.0.weight", torch.zeros(96, 3, 7, 7))]);
        var error = Assert.Throws<UserInputException>(() => FeatureNetworkFile.Load(FilePath).Dispose());
        Assert.Contains("vgg16, alexnet or squeezenet1_1", error.Message, StringComparison.Ordinal);
        Assert.Contains("Darknet-tiny", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("features.6.bias", false, "are missing (features.6.bias)")]
    [InlineData("features.99.bias", true, "are unexpected (features.99.bias)")]
    [InlineData("features.8.bias", true, "are of another shape (features.8.bias)")]
    public void An_incomplete_or_changed_network_is_refused(string name, bool isThere, string message)
    {
        using var network = new AlexNetFeatures();
        var tensors = TorchvisionTensors(network).ToDictionary();
        tensors.Remove(name);
        if (isThere)
        {
            tensors[name] = torch.zeros(7);
        }

        Write(tensors);
        var error = Assert.Throws<UserInputException>(() => FeatureNetworkFile.Load(FilePath).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Heads_of_another_network_and_files_without_heads_are_refused()
    {
        using var network = new SqueezeNetFeatures();
        Write(TorchvisionTensors(network));
        using var heads = new PerceptualHeads([64, 192, 384, 256, 256]);
        SafetensorsWriter.Write(_folder["heads.safetensors"], ModuleState.Of(heads));

        var other = Assert.Throws<UserInputException>(() => LoadWith(_folder["heads.safetensors"]));
        var none = Assert.Throws<UserInputException>(() => LoadWith(FilePath));

        Assert.Contains("the heads for squeezenet are missing", other.Message, StringComparison.Ordinal);
        Assert.Contains("holds no LPIPS heads", none.Message, StringComparison.Ordinal);

        void LoadWith(string path) => FeatureNetworkFile.LoadDistance(FilePath, path).Dispose();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _scope.Dispose();
    }

    private void Write(IEnumerable<KeyValuePair<string, torch.Tensor>> tensors) =>
        SafetensorsWriter.Write(FilePath, tensors);

    private static LpipsNetwork Create(string name) =>
        name switch
        {
            "vgg16" => new Vgg16Features(),
            "alexnet" => new AlexNetFeatures(),
            _ => new SqueezeNetFeatures(),
        };

    private static PerceptualDistance CreateDistance()
    {
        var network = new SqueezeNetFeatures();
        return FormulaWeights.Fill(new PerceptualDistance(network, new PerceptualHeads(network.StageChannels)));
    }

    private static IEnumerable<KeyValuePair<string, torch.Tensor>> TorchvisionTensors(LpipsNetwork network) =>
        from tensor in ModuleState.Of(network)
        let name = LpipsNetwork.TorchvisionName(tensor.Key)
        where name is not null
        select KeyValuePair.Create(name, tensor.Value);

    private static Dictionary<string, torch.Tensor> DarknetTensors()
    {
        using var generator = new torch.Generator(1);
        using var network = new DarknetTinyFeatures();
        Dictionary<string, torch.Tensor> tensors = [];
        foreach (var (name, tensor) in ModuleState.Of(network))
        {
            var layer = name.Split('.')[0].Replace("conv", "", StringComparison.Ordinal);
            var random = torch.randn(tensor.shape, generator: generator);
            if (name.StartsWith("classifier", StringComparison.Ordinal))
            {
                var isKernel = tensor.dim() == 2;
                tensors[isKernel ? "conv2d_16.kernel" : "conv2d_16.bias"] = isKernel
                    ? random.reshape([.. tensor.shape, 1, 1])
                    : random;
            }
            else if (tensor.dim() == 4)
            {
                tensors[$"conv2d_{layer}.kernel"] = random;
            }
            else
            {
                tensors[$"batch_normalization_{layer}.beta"] = random;
                tensors[$"batch_normalization_{layer}.gamma"] = random.mul(0.5).add(1);
                tensors[$"batch_normalization_{layer}.moving_mean"] = random.mul(-2);
                tensors[$"batch_normalization_{layer}.moving_variance"] = random.abs().add(0.1);
            }
        }

        return tensors;
    }

    private static void AssertSame(torch.nn.Module expected, torch.nn.Module actual)
    {
        var (all, found) = (expected.state_dict(), actual.state_dict());
        Assert.Equal(all.Keys, found.Keys);
        Assert.All(all, entry => TensorAssert.Equal(found[entry.Key], entry.Value));
    }
}
