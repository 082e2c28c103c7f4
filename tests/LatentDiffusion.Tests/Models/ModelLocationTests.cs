using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models;

public sealed class ModelLocationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_file_stands_for_itself()
    {
        var file = Touch("any.name");

        Assert.Equal(file, ModelLocation.Resolve(file));
    }

    [Fact]
    public void A_model_folder_stands_for_its_file()
    {
        var file = Touch("exported/model.safetensors");

        Assert.Equal(file, ModelLocation.Resolve(_folder["exported"]));
    }

    [Fact]
    public void A_run_stands_for_its_newest_checkpoint()
    {
        Touch("checkpoints/step-00000900/model.safetensors");
        var newest = Touch("checkpoints/step-00001000/model.safetensors");
        Touch("checkpoints/.tmp-step-00002000/model.safetensors");
        Touch("checkpoints/step-final/model.safetensors");

        Assert.Equal(newest, ModelLocation.Resolve(_folder.Root));
    }

    [Fact]
    public void Steps_are_compared_as_numbers()
    {
        Touch("checkpoints/step-99999999/model.safetensors");
        var newest = Touch("checkpoints/step-100000000/model.safetensors");

        Assert.Equal(newest, ModelLocation.Resolve(_folder.Root));
    }

    [Theory]
    [InlineData("nowhere", "There is no model at")]
    [InlineData("", "holds no model.safetensors and no checkpoint")]
    public void A_path_without_a_model_is_refused(string name, string message)
    {
        var path = _folder[name];

        var error = Assert.Throws<UserInputException>(() => ModelLocation.Resolve(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Touch(string name)
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        return path;
    }
}
